using System.Text.Json;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Finding;

internal sealed record SearchAccountsRequest
{
    public IReadOnlyList<SentPredicate>? Predicates { get; init; }

    public IReadOnlyList<SentOrder>? Ordering { get; init; }

    public SentPage? PageInfo { get; init; }

    public string? ReturnAdditionalFields { get; init; }
}

internal sealed record SentPredicate(string? Field, string? Operator, string? Value);

internal sealed record SentOrder(string? Field, string? Order);

/// <param name="Index">Page, from 0.</param>
/// <param name="Size">Accounts a page, 1 to 1,000.</param>
internal sealed record SentPage(int Index, int Size);

/// <summary>POST Accounts/Search: the accounts the user reaches, in pages. Predicates UserId, CustomerId and AccountId with Equals.</summary>
internal static class SearchAccounts
{
    private const int InvalidInput = 201;
    private const int MaxPage = 1_000;
    private static readonly string[] NullMembers =
    [
        "AccountMode", "AutoTagType", "BackUpPaymentInstrumentId", "BillingThresholdAmount", "BusinessAddress", "LastModifiedByUserId", "LastModifiedTime", "LinkedAgencies",
        "PaymentMethodId", "PaymentMethodType", "PrimaryUserId", "SalesHouseCustomerId", "SoldToPaymentInstrumentId", "TaxCertificate", "TimeStamp",
    ];

    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.SearchAccountsRequest);
        if (refusal is { } refused)
        {
            return refused;
        }

        if (request!.PageInfo is not { Index: >= 0, Size: >= 1 and <= MaxPage } page || request.Predicates is not [var predicate] || Filter(call, predicate) is not { } filter)
        {
            return Faults.Whole(call, InvalidInput, "Predicates must be one of UserId, CustomerId, AccountId with Equals; PageInfo must be set.");
        }

        var found = call.User!.AccountIds.Select(call.Sandbox.FindAccount).OfType<AdAccount>().Where(filter).OrderBy(a => a.AccountId);
        return JsonAnswers.Write(StatusCodes.Status200OK, found.Skip(page.Index * page.Size).Take(page.Size), static (writer, accounts) =>
        {
            writer.WriteStartArray("Accounts"u8);
            foreach (var account in accounts)
            {
                Write(writer, account);
            }

            writer.WriteEndArray();
        });
    }

    private static Func<AdAccount, bool>? Filter(MicrosoftAdvertisingCall call, SentPredicate predicate) =>
        predicate is not { Operator: "Equals" } || WireNumber.Parse(predicate.Value) is not { } value ? null : predicate.Field switch
        {
            "UserId" => _ => value == call.User!.UserId,
            "CustomerId" => account => account.CustomerId == value,
            "AccountId" => account => account.AccountId == value,
            _ => null,
        };

    private static void Write(Utf8JsonWriter writer, AdAccount account)
    {
        writer.WriteStartObject();
        writer.WriteString("AccountFinancialStatus"u8, "ClearFinancialStatus"u8);
        writer.WriteString("AccountLifeCycleStatus"u8, "Active"u8);
        writer.WriteString("BillToCustomerId"u8, WireNumber.Text(account.CustomerId));
        writer.WriteString("CurrencyCode"u8, "EUR"u8);
        writer.WriteStartArray("ForwardCompatibilityMap"u8);
        writer.WriteEndArray();
        writer.WriteString("Id"u8, WireNumber.Text(account.AccountId));
        writer.WriteString("Language"u8, "English"u8);
        writer.WriteString("Name"u8, account.Name);
        writer.WriteString("Number"u8, $"S{WireNumber.Text(account.AccountId)}");
        writer.WriteString("ParentCustomerId"u8, WireNumber.Text(account.CustomerId));
        writer.WriteNull("PauseReason"u8);
        writer.WriteStartArray("TaxInformation"u8);
        writer.WriteEndArray();
        writer.WriteString("TimeZone"u8, "GreenwichMeanTimeDublinEdinburghLisbonLondon"u8);
        foreach (var name in NullMembers)
        {
            writer.WriteNull(name);
        }

        writer.WriteEndObject();
    }
}
