using System.Globalization;
using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Defining;

/// <summary>Exports to Microsoft Advertising: each segment has an audience of its own, with its display name (MSA-10, MSA-11).</summary>
internal sealed class MicrosoftAdvertisingDestinationType() : DestinationType<MicrosoftAdvertisingExport>("microsoft-advertising")
{
    private const int LongestDuration = 390;
    private const int Forever = -1;
    private const int MaxAudienceName = 128;
    private const long MaxMembers = 500_000;
    private const int LeastForAds = 300;

    /// <summary>A connection does not tell more than so many accounts: with that many, there may be others.</summary>
    private const int MostAccountsKnown = 100;

    private const string Prefix = "export.microsoft_advertising";

    public override string RunTopic => Topics.MicrosoftAdvertisingRunRequested;

    public override void CheckSegments(IReadOnlyList<string> segments, IReadOnlyDictionary<string, SegmentFacts> facts, Violations violations)
    {
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (index, segment) in segments.Index())
        {
            if (!facts.TryGetValue(segment, out var known))
            {
                continue;
            }

            var field = $"export.segments[{index}]";
            var name = known.DisplayName.Trim();
            violations.Check(name.Length <= MaxAudienceName, field, $"has a display name of {name.Length} characters; an audience takes it as its name, which has at most {MaxAudienceName}. Shorten it.");
            if (!taken.TryAdd(name, segment))
            {
                violations.Add(field, $"has the display name of {taken[name]}, but an audience needs a name of its own. Rename one of the segments, or leave one out.");
            }
        }
    }

    protected override void FillIn(MicrosoftAdvertisingExport settings)
    {
        settings.CustomerId = settings.CustomerId.Trim();
        settings.AccountId = settings.AccountId.Trim();
        settings.MembershipDurationDays = settings.MembershipDurationDays == 0 ? LongestDuration : settings.MembershipDurationDays;
        settings.OnDeselect = settings.OnDeselect == MicrosoftAdvertisingOnDeselect.Unspecified ? MicrosoftAdvertisingOnDeselect.Keep : settings.OnDeselect;
    }

    protected override void Check(MicrosoftAdvertisingExport settings, ProfileAttributes? attributes, Violations violations)
    {
        violations.Check(IsId(settings.CustomerId), $"{Prefix}.customer_id", "must be the id of the customer: the digits behind \"cid=\" in the address of the ad site.");
        violations.Check(IsId(settings.AccountId), $"{Prefix}.account_id", "must be the id of the ad account: the digits behind \"aid=\" in the address of the ad site.");
        if (violations.Check(settings.EmailAttribute.Length > 0, $"{Prefix}.email_attribute", "is required: the profile attribute that holds the e-mail address."))
        {
            attributes?.Check(settings.EmailAttribute, $"{Prefix}.email_attribute", violations, AttributeType.String);
        }

        violations.Check(
            settings.MembershipDurationDays is Forever or (>= 1 and <= LongestDuration),
            $"{Prefix}.membership_duration_days",
            $"must be 1 to {LongestDuration} days, or {Forever} for members who never drop out.");
        violations.Check(Enum.IsDefined(settings.OnDeselect), $"{Prefix}.on_deselect", "must be MICROSOFT_ADVERTISING_ON_DESELECT_KEEP or MICROSOFT_ADVERTISING_ON_DESELECT_EMPTY.");
    }

    // The name of an audience follows its segment's, so the segment is what tells it from others.
    protected override IReadOnlyList<WrittenAudience> AudiencesOf(MicrosoftAdvertisingExport settings, IReadOnlyList<string> segments) =>
        [.. segments.Select((segment, index) => new WrittenAudience($"{settings.AccountId} {segment}", $"export.segments[{index}]"))];

    protected override IEnumerable<string> Warn(MicrosoftAdvertisingExport settings, long memberCount, ConnectionFacts? connection)
    {
        if (memberCount > MaxMembers)
        {
            yield return $"The segments hold {memberCount:N0} members in all. With more than {MaxMembers:N0} e-mail addresses the run will be skipped and nobody is sent: take segments out, or spread them over several exports.";
        }

        if (connection?.AdAccounts is { Count: > 0 and < MostAccountsKnown } reached && !reached.Contains(settings.AccountId))
        {
            yield return $"The connection does not reach the ad account {settings.AccountId}, as far as is known. Compare it with the digits behind \"aid=\" in the address of the ad site; or have access given to whoever signed in and verify the connection: the next run looks again.";
        }

        yield return $"Microsoft Advertising needs up to 48 hours to match people, and uses a list for ads only while at least {LeastForAds} of its people are matched.";
    }

    // A 64-bit number in its one spelling: accounts are compared as text.
    private static bool IsId(string id) =>
        long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && id[0] != '0';
}
