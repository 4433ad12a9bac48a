using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Defining;

/// <summary>Exports to a webhook: who is told of, what is told, in how many lines at once.</summary>
internal sealed class WebhookDestinationType() : DestinationType<WebhookExport>("webhook")
{
    private const int MaxFields = 40;
    private const int MaxNameLength = 100;
    private const int MaxRows = 1_000;
    private const int DefaultRows = 500;
    private const string Prefix = "export.webhook";

    public override string RunTopic => Topics.WebhookRunRequested;

    protected override void FillIn(WebhookExport settings)
    {
        settings.RowsPerRequest = settings.RowsPerRequest == 0 ? DefaultRows : settings.RowsPerRequest;
        settings.SendRemovals = !settings.HasSendRemovals || settings.SendRemovals;
    }

    protected override void Check(WebhookExport settings, ProfileAttributes? attributes, Violations violations)
    {
        if (settings.KeyAttribute.Length > 0)
        {
            attributes?.Check(settings.KeyAttribute, $"{Prefix}.key_attribute", violations, AttributeType.String);
        }

        violations.Check(settings.Attributes.Count <= MaxFields, $"{Prefix}.attributes", $"must hold at most {MaxFields} fields.");
        foreach (var (name, attribute) in settings.Attributes.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var field = $"{Prefix}.attributes[\"{name}\"]";
            violations.Check(name.Length is > 0 and <= MaxNameLength && !name.Any(char.IsControl), field, $"must have a name of 1 to {MaxNameLength} characters without control characters.");
            if (violations.Check(attribute.Length > 0, field, "needs the profile attribute that feeds it."))
            {
                attributes?.Check(attribute, field, violations);
            }
        }

        violations.Check(settings.RowsPerRequest is >= 1 and <= MaxRows, $"{Prefix}.rows_per_request", $"must be 1 to {MaxRows}, or 0 for {DefaultRows}.");
    }

    // The receiver knows the audience by the name of the export, so no other export can write it.
    protected override IReadOnlyList<WrittenAudience> AudiencesOf(WebhookExport settings, IReadOnlyList<string> segments) => [];

    protected override IEnumerable<string> Warn(WebhookExport settings, long memberCount, ConnectionFacts? connection)
    {
        if (!settings.SendRemovals)
        {
            yield return "Who leaves the segments is not sent: the receiver keeps everybody who was ever a member.";
        }
    }
}
