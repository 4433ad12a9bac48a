namespace CustomerInsights.Quickstart.Starting;

/// <summary>How to start the system.</summary>
internal sealed record TopologyOptions
{
    /// <summary>Where databases of Standalone and all logs go. Empty, or not there yet.</summary>
    public required string Folder { get; init; }

    /// <summary>Null: one process on SQLite and the in-process bus. Else separate processes on these; database and virtual host are empty.</summary>
    public ServerAddresses? Servers { get; init; }

    /// <summary>The port for a name such as "segments/grpc". Default: any free ones.</summary>
    public Func<string, int> Port { get; init; } = _ => FreePorts.Next();

    /// <summary>The key that the Braze stand-in accepts.</summary>
    public string BrazeKey { get; init; } = "sandbox-rest-api-key";

    /// <summary>Settings for every process, such as "Telemetry:OtlpEndpoint".</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings of one process, which go before all others.</summary>
    public Func<string, IReadOnlyDictionary<string, string>> SettingsOf { get; init; } = _ => new Dictionary<string, string>();
}
