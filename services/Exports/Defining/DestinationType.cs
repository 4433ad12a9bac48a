using System.Diagnostics.CodeAnalysis;
using CustomerInsights.ServiceDefaults.Errors;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Defining;

/// <summary>All that exports know of one type of destination; written as a <see cref="DestinationType{TSettings}"/>.</summary>
/// <param name="type">Type of the connections it goes through, as Connections calls it, such as "braze".</param>
internal abstract class DestinationType(string type)
{
    public string Type => type;

    /// <summary>Field of the settings in an export, in update masks and in violations.</summary>
    public string Field { get; } = type.Replace('-', '_');

    /// <summary>App id of the only process that works on its runs.</summary>
    public string Worker { get; } = $"worker-{type}";

    /// <summary>Topic on which its worker is asked to take a run over.</summary>
    public abstract string RunTopic { get; }

    /// <summary>The settings with defaults filled in, or null when the export carries those of another type.</summary>
    public abstract DestinationSettings? Read(Wire.Export export);

    /// <summary>Puts settings of this type into an export.</summary>
    public abstract void Write(DestinationSettings settings, Wire.Export export);

    /// <summary>Adds a violation for each wrong field. Without schema, what depends on it is left out.</summary>
    public abstract void Check(DestinationSettings settings, ProfileAttributes? attributes, Violations violations);

    /// <summary>Adds a violation for each segment that the destination cannot show beside the others.</summary>
    /// <param name="segments">Names in the order of the export.</param>
    /// <param name="facts">What is known of those that exist.</param>
    public virtual void CheckSegments(IReadOnlyList<string> segments, IReadOnlyDictionary<string, SegmentFacts> facts, Violations violations)
    {
    }

    /// <summary>What at the destination the export keeps equal to its segments; empty when others may write it, too.</summary>
    /// <param name="segments">Names in the order of the export.</param>
    public abstract IReadOnlyList<WrittenAudience> AudiencesOf(DestinationSettings settings, IReadOnlyList<string> segments);

    /// <summary>Things to know that do not forbid saving.</summary>
    /// <param name="memberCount">Sum of the members of all segments.</param>
    /// <param name="connection">What is known of the connection; null without one.</param>
    public abstract IEnumerable<string> Warn(DestinationSettings settings, long memberCount, ConnectionFacts? connection);
}

/// <summary>
/// A destination whose settings are a message of the contract. Another destination is another class like the one for Braze,
/// registered in <see cref="ExportsApp"/>, and a field of the contract's oneof that is named as its type.
/// </summary>
internal abstract class DestinationType<TSettings>(string type) : DestinationType(type)
    where TSettings : class, IMessage<TSettings>, new()
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));
    private readonly FieldDescriptor _field = Wire.Export.Descriptor.FindFieldByName(type.Replace('-', '_'));

    public sealed override DestinationSettings? Read(Wire.Export export)
    {
        if (_field.Accessor.GetValue(export) is not TSettings given)
        {
            return null;
        }

        var settings = given.Clone();
        FillIn(settings);
        return new DestinationSettings(Type, Formatter.Format(settings));
    }

    public sealed override void Write(DestinationSettings settings, Wire.Export export) => _field.Accessor.SetValue(export, Parse(settings));

    public sealed override void Check(DestinationSettings settings, ProfileAttributes? attributes, Violations violations) => Check(Parse(settings), attributes, violations);

    public sealed override IReadOnlyList<WrittenAudience> AudiencesOf(DestinationSettings settings, IReadOnlyList<string> segments) => AudiencesOf(Parse(settings), segments);

    public sealed override IEnumerable<string> Warn(DestinationSettings settings, long memberCount, ConnectionFacts? connection) => Warn(Parse(settings), memberCount, connection);

    /// <summary>Puts defaults where nothing is given.</summary>
    protected abstract void FillIn(TSettings settings);

    protected abstract void Check(TSettings settings, ProfileAttributes? attributes, Violations violations);

    protected abstract IReadOnlyList<WrittenAudience> AudiencesOf(TSettings settings, IReadOnlyList<string> segments);

    protected abstract IEnumerable<string> Warn(TSettings settings, long memberCount, ConnectionFacts? connection);

    private static TSettings Parse(DestinationSettings settings) => Parser.Parse<TSettings>(settings.Document);
}

/// <summary>An audience that one export of an account may write, and no other.</summary>
/// <param name="Name">What tells it from others of the account.</param>
/// <param name="Field">The field of an export that leads to it.</param>
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
    /// <param name="connection">Type of the export's connection, which the settings have to fit; null when it is not known.</param>
    public bool CheckGiven([NotNullWhen(true)] DestinationSettings? settings, string? connection, Violations violations)
    {
        var fitting = _types.FirstOrDefault(type => type.Type == connection);
        return violations.Check(
            settings is not null,
            fitting is null ? "export.settings" : $"export.{fitting.Field}",
            fitting is null
                ? $"one of {string.Join(", ", _types.Select(type => type.Field))} is required: the one that fits the connection's type."
                : $"is required: the connection is of type {fitting.Type}.");
    }

    /// <summary>Whether a path of an update mask means the settings.</summary>
    public bool IsField(string path) => _types.Any(type => type.Field == path);
}
