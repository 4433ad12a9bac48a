using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Exports.Defining;

/// <summary>A definition that may be stored, and what was learnt while checking it.</summary>
/// <param name="Segments">Facts of the segments that exist.</param>
internal sealed record CheckedDefinition(
    ExportDefinition Definition,
    IReadOnlyList<string> Warnings,
    IReadOnlyDictionary<string, SegmentFacts> Segments);

/// <summary>Checks all fields of an export at once, with what Connections and Segments know.</summary>
internal sealed class CheckDefinition(SegmentLookup segments, DestinationTypes types, FindRival rivals)
{
    private const int MaxDisplayName = 128;
    private const int MaxSegments = 50;

    /// <summary>
    /// Adds a violation for each wrong field among the changed parts. What was right when it was saved is not held
    /// against somebody who changes something else.
    /// </summary>
    /// <param name="connection">What is known of the draft's connection; null when it does not exist.</param>
    public async Task<Result<CheckedDefinition>> RunAsync(
        ExportName name,
        ExportDraft draft,
        ConnectionFacts? connection,
        ExportParts changed,
        Violations violations,
        CancellationToken cancellationToken)
    {
        if (changed.HasFlag(ExportParts.DisplayName))
        {
            var displayName = draft.DisplayName.Trim();
            violations.Check(
                displayName.Length > 0 && PlainText.Is(displayName, MaxDisplayName),
                "export.display_name",
                $"must be 1 to {MaxDisplayName} characters without control characters.");
        }

        CheckConnection(name, draft, connection, changed, violations);
        var names = changed.HasFlag(ExportParts.Segments) ? CheckSegmentNames(name.Environment, draft.Segments, violations) : draft.Segments;
        var facts = await segments.FindAsync(names, cancellationToken);
        if (changed.HasFlag(ExportParts.Segments))
        {
            foreach (var (index, segment) in draft.Segments.Index().Where(entry => names.Contains(entry.Item) && !facts.ContainsKey(entry.Item)))
            {
                violations.Add($"export.segments[{index}]", $"{segment} does not exist. Take one that ListSegments returns, or create it first.");
            }
        }

        if ((changed & (ExportParts.Segments | ExportParts.Settings)) != 0 && draft.Settings is { } settings)
        {
            types.Of(settings).CheckSegments(draft.Segments, facts, violations);
        }

        await CheckSettingsAsync(name.Environment, draft, connection, changed, violations, cancellationToken);
        await CheckRivalAsync(name, draft, connection, changed, violations, cancellationToken);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var definition = new ExportDefinition(draft.DisplayName.Trim(), draft.Connection, draft.Segments, draft.Settings!, draft.FollowRefreshes);
        return new CheckedDefinition(definition, Warn(definition, connection, facts, types), facts);
    }

    /// <summary>Things to know that do not forbid saving or running (BRZ-17, D-34).</summary>
    public static IReadOnlyList<string> Warn(ExportDefinition definition, ConnectionFacts? connection, IReadOnlyDictionary<string, SegmentFacts> facts, DestinationTypes types)
    {
        var ofSegments = definition.Segments.Select(segment => facts.GetValueOrDefault(segment) switch
        {
            null => $"{segment} does not exist any more. Remove it from the export; until then nothing is sent, so that nobody is taken out by mistake.",
            { Version: 0 } => $"{segment} was never refreshed and has no members yet.",
            { Active: false } => $"{segment} is inactive: its members stay at the destination as they were last delivered.",
            _ => null,
        });
        return [.. ofSegments.OfType<string>(), .. types.Of(definition.Settings).Warn(definition.Settings, facts.Values.Sum(segment => segment.MemberCount), connection)];
    }

    private static void CheckConnection(ExportName name, ExportDraft draft, ConnectionFacts? connection, ExportParts changed, Violations violations)
    {
        // An update may take the connection away (CON-23); a new export needs one.
        if ((changed & (ExportParts.Connection | ExportParts.Settings)) == 0 || (draft.Connection.Length == 0 && changed != ExportParts.All))
        {
            return;
        }

        if (violations.Check(connection is not null, "export.connection", Missing(name, draft.Connection))
            && draft.Settings is { } settings)
        {
            violations.Check(connection!.Type == settings.Type, "export.connection", $"is of type {connection.Type}, the settings are of type {settings.Type}.");
        }
    }

    private static string Missing(ExportName name, string connection) => ResourceName.Parse("environments/*/connections/*", connection) is [var of, _] && of == name.Environment
        ? $"{connection} does not exist. Take one that ListConnections returns, or create it first."
        : $"must be the name of a connection in the same environment: \"environments/{name.Environment}/connections/{{connection}}\".";

    private static List<string> CheckSegmentNames(string environment, IReadOnlyList<string> names, Violations violations)
    {
        violations.Check(names.Count is >= 1 and <= MaxSegments, "export.segments", $"must hold 1 to {MaxSegments} segments.");
        var good = new List<string>();
        foreach (var (index, name) in names.Index().Take(MaxSegments))
        {
            var field = $"export.segments[{index}]";
            if (violations.Check(
                    ResourceName.Parse("environments/*/segments/*", name) is [var of, _] && of == environment,
                    field,
                    $"must be the name of a segment in the same environment, such as \"environments/{environment}/segments/*\".")
                && violations.Check(!good.Contains(name), field, "is there already."))
            {
                good.Add(name);
            }
        }

        return good;
    }

    private async Task CheckSettingsAsync(
        string environment, ExportDraft draft, ConnectionFacts? connection, ExportParts changed, Violations violations, CancellationToken cancellationToken)
    {
        if (changed.HasFlag(ExportParts.Settings) && types.CheckGiven(draft.Settings, connection?.Type, violations))
        {
            var attributes = await segments.FindAttributesAsync(environment, cancellationToken);
            violations.Check(attributes is not null, $"export.{types.Of(draft.Settings).Field}", "maps attributes of profiles, but the environment has no profile schema yet. Declare it first.");
            types.Of(draft.Settings).Check(draft.Settings, attributes, violations);
        }
    }

    private async Task CheckRivalAsync(
        ExportName name, ExportDraft draft, ConnectionFacts? connection, ExportParts changed, Violations violations, CancellationToken cancellationToken)
    {
        const ExportParts Telling = ExportParts.Connection | ExportParts.Settings | ExportParts.Segments;
        if ((changed & Telling) == 0 || connection is null || draft.Settings is not { } settings || settings.Type != connection.Type)
        {
            return;
        }

        if (await rivals.RunAsync(name, draft, connection, cancellationToken) is { } rival)
        {
            violations.Add(
                rival.Audience.Field,
                $"is written by {rival.Export.Name}, too: each would take out whom only the other one holds. Choose another one, or put the segments into one export.");
        }
    }
}
