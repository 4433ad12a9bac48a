using System.Net;
using System.Text.Json;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>What went wrong with a call as a whole.</summary>
/// <param name="Code">Microsoft Advertising's number, or 0: safe to log.</param>
/// <param name="Wait">How long it wants to be left alone.</param>
internal sealed record Fault(Answer Answer, string Reason, int Code = 0, TimeSpan? Wait = null)
{
    /// <summary>The access token is not taken: another one may be (105, 109).</summary>
    public bool IsToken { get; init; }

    public static Fault Lost { get; } = new(Answer.Unknown, Reasons.AnswerLost);

    public static Fault NotReached { get; } = new(Answer.Unavailable, Reasons.Unavailable);
}

/// <summary>
/// The table from answers to outcomes (https://learn.microsoft.com/advertising/guides/operation-error-codes). Nothing of a body leaves it
/// but numbers.
/// </summary>
internal static class MicrosoftAdvertisingOutcomes
{
    private const int Throttled = 117;

    // The Bulk service alone takes no more for a while.
    private const int FilesThrottled = 4204;

    private static readonly string[] ErrorArrays = ["Errors", "BatchErrors", "OperationErrors"];

    /// <summary>A fault by its status and body; null for a success.</summary>
    public static Fault? OfCall(HttpStatusCode status, JsonElement? body, TimeSpan? retryAfter)
    {
        if (status == HttpStatusCode.OK)
        {
            return body is null ? Fault.Lost : null;
        }

        // The relevant code need not come first, nor fit the status.
        var faults = CodesOf(body).Select(OfCode).OfType<Fault>().ToList();
        var fault = faults.FirstOrDefault(fault => fault.Answer is Answer.Unauthorized or Answer.Misdirected) ?? faults.FirstOrDefault();
        if (fault is null)
        {
            return OfStatus(status) is var plain && plain.Answer is Answer.Throttled or Answer.Unavailable ? plain with { Wait = retryAfter ?? plain.Wait } : plain;
        }

        return fault.Answer is Answer.Throttled or Answer.Unavailable && retryAfter > (fault.Wait ?? TimeSpan.Zero) ? fault with { Wait = retryAfter } : fault;
    }

    /// <summary>What a code says of a call as a whole; null for one that is about an item, or that is unknown.</summary>
    public static Fault? OfCode(int code) => code switch
    {
        0 => new Fault(Answer.Unavailable, Reasons.Unavailable, code),
        105 => new Fault(Answer.Unauthorized, Reasons.CredentialUnknown, code) { IsToken = true },
        109 => new Fault(Answer.Unauthorized, Reasons.CredentialUnknown, code) { IsToken = true },

        // The connection is good for other accounts: only this export is stopped.
        106 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AccountNotAccessible, code),
        Throttled or 3227 => new Fault(Answer.Throttled, Reasons.Throttled, code, MicrosoftAdvertisingLimits.RateWait),
        120 or 123 => new Fault(Answer.Unauthorized, Reasons.CredentialForbidden, code),
        208 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AccountInvalid, code),
        3225 => new Fault(Answer.Misdirected, Reasons.FileTooLarge, code),
        3221 or 3222 or 3223 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.FileFormatRefused, code),
        FilesThrottled => new Fault(Answer.Throttled, Reasons.Throttled, code, MicrosoftAdvertisingLimits.FileRateWait),
        4835 or 8000 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceMissing, code),
        4838 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceNameInvalid, code),
        4842 or 4848 or 4849 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceSettingsRefused, code),
        4853 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceNameTaken, code),
        4859 or 4861 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceOfAnotherType, code),
        4865 or 4866 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.TooManyAudiences, code),
        8003 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.TermsNotAccepted, code),
        8004 => new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.EmailNotHashed, code),
        100 or 116 or 4836 or 4837 or 4850 or 4851 or 4852 or 8001 or 8002 => new Fault(Answer.Misdirected, Reasons.Misdirected, code),
        _ => null,
    };

    /// <summary>The outcome of an Apply call that was taken: which items were refused, by their place. Each error is looked at once.</summary>
    public static BatchOutcome OfItems(JsonElement body, int sent, DateTimeOffset now)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("PartialErrors", out var errors) || errors.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
        {
            return OfFault(Fault.Lost, now);
        }

        var rejections = new Dictionary<int, RowRejection>();
        var isIncomplete = false;
        foreach (var error in ArrayOf(body, "PartialErrors"))
        {
            if (CodeOf(error) is { } code && OfCode(code) is { } fault)
            {
                // No item is at fault for this.
                return OfFault(fault, now);
            }

            if (NumberOf(error, "Index") is { } index && index >= 0 && index < sent)
            {
                rejections.TryAdd(index, new RowRejection(index, MicrosoftAdvertisingReasons.ItemRefused));
            }
            else
            {
                isIncomplete = true;
            }
        }

        return new BatchOutcome(isIncomplete ? Answer.Refused : Answer.Delivered) { Rejections = [.. rejections.Values], Reason = isIncomplete ? Reasons.Refused : "" };
    }

    public static BatchOutcome OfFault(Fault fault, DateTimeOffset now) => new(fault.Answer) { Reason = fault.Reason, RetryAt = fault.Wait is { } wait ? now + wait : null };

    public static FileStep OfFileFault(Fault fault, DateTimeOffset now) =>
        new(fault.Answer) { Reason = fault.Reason, RetryAt = fault.Wait is { } wait ? now + wait : null, HoldsFilesOnly = fault.Code == FilesThrottled };

    /// <summary>All codes of a fault's body; numbers come as numbers, and sometimes as text.</summary>
    public static IEnumerable<int> CodesOf(JsonElement? body)
    {
        if (body is not { ValueKind: JsonValueKind.Object } root)
        {
            yield break;
        }

        if (CodeOf(root) is { } own)
        {
            yield return own;
        }

        foreach (var error in ErrorArrays.SelectMany(name => ArrayOf(root, name)))
        {
            if (CodeOf(error) is { } code)
            {
                yield return code;
            }
        }
    }

    /// <summary>The elements of an array member; none when it is absent or something else.</summary>
    public static IEnumerable<JsonElement> ArrayOf(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var array) && array.ValueKind == JsonValueKind.Array ? array.EnumerateArray() : [];

    /// <summary>A number member, also one in text.</summary>
    public static int? NumberOf(JsonElement element, string name) =>
        element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : int.TryParse(ForeignAnswer.Text(element, name), System.Globalization.CultureInfo.InvariantCulture, out number) ? number
        : null;

    /// <summary>The code of an error.</summary>
    public static int? CodeOf(JsonElement error) => NumberOf(error, "Code");

    private static Fault OfStatus(HttpStatusCode status) => (int)status switch
    {
        401 => new Fault(Answer.Unauthorized, Reasons.CredentialUnknown) { IsToken = true },
        403 => new Fault(Answer.Unauthorized, Reasons.CredentialForbidden),
        408 => Fault.Lost,
        413 => new Fault(Answer.TooLarge, Reasons.RowTooLarge),
        429 => new Fault(Answer.Throttled, Reasons.Throttled, Throttled, MicrosoftAdvertisingLimits.RateWait),
        400 => new Fault(Answer.Refused, Reasons.Refused),
        >= 500 => new Fault(Answer.Unavailable, Reasons.Unavailable),
        _ => new Fault(Answer.Misdirected, Reasons.Misdirected),
    };
}
