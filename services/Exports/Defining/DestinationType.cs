using System.Diagnostics.CodeAnalysis;
using CustomerInsights.ServiceDefaults.Errors;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Defining;

/// <summary>
/// All that exports know of one type of destination. A second destination is a second class like this one, registered in
/// <see cref="ExportsApp"/>, and a field of the contract's oneof.
/// </summary>
internal abstract class DestinationType
{
    /// <summary>Type of the connections it goes through, as Connections calls it.</summary>
    public abstract string Type { get; }

    /// <summary>Field of the settings in an export, in update masks and in violations.</summary>
    public abstract string Field { get; }

    /// <summary>App id of the only process that works on its runs.</summary>
    public abstract string Worker { get; }

    /// <summary>Topic on which its worker is asked to take a run over.</summary>
    public abstract string RunTopic { get; }

    /// <summary>The settings with defaults filled in, or null when the export carries those of another type.</summary>
    public abstract DestinationSettings? Read(Wire.Export export);

    /// <summary>Puts settings of this type into an export.</summary>
    public abstract void Write(DestinationSettings settings, Wire.Export export);

    /// <summary>Adds a violation for each wrong field. Without schema, what depends on it is left out.</summary>
    public abstract void Check(DestinationSettings settings, ProfileAttributes? attributes, Violations violations);

    /// <summary>What at the destination the export keeps equal to its segments; null when others may write it, too.</summary>
    public abstract WrittenAudience? AudienceOf(DestinationSettings settings);

    /// <summary>Things to know that do not forbid saving.</summary>
    /// <param name="memberCount">Sum of the members of all segments.</param>
    public abstract IEnumerable<string> Warn(DestinationSettings settings, long memberCount);
}

/// <summary>An audience that one export of an account may write, and no other.</summary>
/// <param name="Name">Its name at the destination.</param>
/// <param name="Field">The field of an export that gives the name.</param>
internal sealed record WrittenAudience(string Name, string Field);

/// <summary>Looks destination types up.</summary>
internal sealed class DestinationTypes(IEnumerable<DestinationType> types)
{
    private readonly IReadOnlyList<DestinationType> _types = [.. types];

    /// <summary>The type of stored settings; one that is not registered is a bug of the deployment.</summary>
    public DestinationType Of(DestinationSettings settings) =>
        _types.FirstOrDefault(type => type.Type == settings.Type)
        ?? throw new InvalidOperationException($"No destination type {settings.Type} is registered; known are {string.Join(", ", _types.Select(type => type.Type))}.");

    /// <summary>The settings of whichever type an export carries, or null.</summary>
    public DestinationSettings? Read(Wire.Export export) => _types.Select(type => type.Read(export)).FirstOrDefault(settings => settings is not null);

    /// <summary>Adds a violation when no settings are given; tells whether some are.</summary>
    public bool CheckGiven([NotNullWhen(true)] DestinationSettings? settings, Violations violations) =>
        violations.Check(settings is not null, "export.settings", $"one of {string.Join(", ", _types.Select(type => type.Field))} is required.");

    /// <summary>Whether a path of an update mask means the settings.</summary>
    public bool IsField(string path) => _types.Any(type => type.Field == path);
}
