using System.Runtime.InteropServices;
using System.Text;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;

internal sealed record ApplyRequest(SentItems? CustomerListUserData);

internal sealed record SentItems
{
    public bool? AcceptCustomerMatchTerm { get; init; }

    public string? ActionType { get; init; }

    public string? AudienceId { get; init; }

    public string? CustomerListItemSubType { get; init; }

    public IReadOnlyList<string?>? CustomerListItems { get; init; }
}

/// <summary>POST CustomerListUserData/Apply: adds, removes or replaces with up to 1,000 hashes of one list.</summary>
internal static class ApplyItems
{
    private const int MaxItems = 1_000;

    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.ApplyRequest);
        if (refusal is { } unreadable)
        {
            return unreadable;
        }

        if (request!.CustomerListUserData is not { } data)
        {
            return Faults.Whole(call, VendorErrors.NullParameter, "CustomerListUserData");
        }

        call.ListId = WireNumber.Parse(data.AudienceId);
        call.Action = data.ActionType;
        call.AcceptsTerms = data.AcceptCustomerMatchTerm;
        call.Items = data.CustomerListItems?.Count ?? 0;
        return ProblemOf(call, data) is { } code ? Faults.Whole(call, code)
            : !TermsAccepted(data.AcceptCustomerMatchTerm, call.Account!) ? RefuseForTerms(call)
            : Apply(call, data, ActionOf(data.ActionType)!.Value);
    }

    /// <summary>True accepts for this call or row; false refuses; silent, the web interface counts.</summary>
    public static bool TermsAccepted(bool? accept, AdAccount account) => accept ?? account.TermsAccepted;

    public static ListAction? ActionOf(string? name) => name switch
    {
        "Add" => ListAction.Add,
        "Remove" => ListAction.Remove,
        "Replace" => ListAction.Replace,
        _ => null,
    };

    private static int? ProblemOf(MicrosoftAdvertisingCall call, SentItems data) => data switch
    {
        _ when ActionOf(data.ActionType) is null => VendorErrors.Action,
        { CustomerListItemSubType: not "Email" } => VendorErrors.SubType,
        { CustomerListItems: null or { Count: 0 } } => VendorErrors.NullArray,
        { CustomerListItems.Count: > MaxItems } => VendorErrors.TooManyItems,
        _ => Find(call) is null ? VendorErrors.InvalidListId : null,
    };

    private static CustomerList? Find(MicrosoftAdvertisingCall call)
    {
        lock (call.Sandbox.Gate)
        {
            return call.ListId is { } id ? call.Sandbox.Lists.Find(id, call.Account!) : null;
        }
    }

    private static VendorAnswer RefuseForTerms(MicrosoftAdvertisingCall call)
    {
        if (!call.Sandbox.Settings.TermsAsPartialErrors)
        {
            return Faults.Whole(call, VendorErrors.Terms);
        }

        call.Rejected = call.Items;
        return Answer(call, [.. Enumerable.Range(0, call.Items).Select(i => new PartialError(VendorErrors.Terms, i))]);
    }

    private static VendorAnswer Apply(MicrosoftAdvertisingCall call, SentItems data, ListAction action)
    {
        var items = data.CustomerListItems!;
        var rejections = new InjectedItemErrors(call.Decision.Rejections, items.Count);
        var accepted = new List<HashedAddress>(items.Count);
        var errors = new List<PartialError>();
        for (var i = 0; i < items.Count; i++)
        {
            if (!HashedAddress.TryParse(items[i], out var hash))
            {
                errors.Add(new PartialError(VendorErrors.NotHashed, i));
            }
            else if (!rejections.IsEmpty && rejections.Find(i, Encoding.UTF8.GetBytes(items[i]!)) is { } injected)
            {
                errors.Add(new PartialError(injected.Code, injected.Indexed ? i : null));
            }
            else
            {
                accepted.Add(hash);
            }
        }

        if (accepted.Count > 0)
        {
            lock (call.Sandbox.Gate)
            {
                Find(call)?.Apply(action, CollectionsMarshal.AsSpan(accepted), call.Now);
            }
        }

        call.Accepted = accepted.Count;
        call.Rejected = errors.Count;
        call.Committed = accepted.Count > 0;
        call.Hashes = call.Sandbox.Settings.Journal >= JournalMode.Ids ? JournalHashes.Encode(CollectionsMarshal.AsSpan(accepted)) : null;
        call.Sandbox.Counters.Rows(accepted.Count, errors.Count);
        return Answer(call, errors);
    }

    private static VendorAnswer Answer(MicrosoftAdvertisingCall call, List<PartialError> errors)
    {
        call.Errors.UnionWith(errors.Select(e => e.Code));
        return JsonAnswers.Write(StatusCodes.Status200OK, errors, static (writer, partial) => Faults.WritePartialErrors(writer, partial));
    }
}
