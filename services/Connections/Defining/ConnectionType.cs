using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>
/// All that this service knows of one type of connection. Another destination is another class like the one for Braze,
/// registered in <see cref="ConnectionsApp"/>, and a field of the contract's oneof.
/// </summary>
internal abstract class ConnectionType
{
    /// <summary>Name of the type, such as "braze".</summary>
    public abstract string Id { get; }

    /// <summary>App id of the only process that may have its credentials.</summary>
    public abstract string Worker { get; }

    /// <summary>Name of the field in the contract's oneof, in update masks and in violations.</summary>
    public abstract string Field { get; }

    /// <summary>Whether the message carries settings of this type.</summary>
    public abstract bool Fits(Wire.Connection connection);

    /// <summary>The host of the settings, in one spelling; "" with a violation when it is none that may be called.</summary>
    public abstract string ReadHost(Wire.Connection connection, Violations violations);

    /// <summary>The label that tells accounts behind one host apart; empty for none, with a violation when it cannot be one.</summary>
    public abstract string ReadWorkspace(Wire.Connection connection, Violations violations);

    /// <summary>The secret of the settings; with a violation when it is missing or cannot be one.</summary>
    public abstract Secret ReadSecret(Wire.Connection connection, Violations violations);

    /// <summary>Whether a secret that is kept for one host may be sent to the other.</summary>
    public abstract bool MayCarryOver(string fromHost, string toHost);

    /// <summary>Asks the service, without changing anything there, whether it accepts the credential (BRZ-4).</summary>
    public abstract Task<ProbeOutcome> ProbeAsync(string host, Secret secret, CancellationToken cancellationToken);

    /// <summary>Puts settings without secret into an answer; without host, they tell the type only.</summary>
    public abstract void WriteSettings(Wire.Connection target, string host, string workspace);

    /// <summary>Puts the secret into the answer for the worker.</summary>
    public abstract void WriteCredential(Wire.Credential target, string host, Secret secret);
}

/// <summary>Looks connection types up.</summary>
internal sealed class ConnectionTypes(IEnumerable<ConnectionType> types)
{
    private readonly IReadOnlyList<ConnectionType> _types = [.. types];

    public string Fields => string.Join(", ", _types.Select(type => $"connection.{type.Field}"));

    /// <summary>The type of a stored connection; one that is not registered is a bug of the deployment.</summary>
    public ConnectionType Of(string id) => _types.FirstOrDefault(type => type.Id == id) ?? throw new InvalidOperationException($"No connection type {id} is registered.");

    /// <summary>The type whose settings a message carries; null when it carries none.</summary>
    public ConnectionType? Of(Wire.Connection connection) => _types.FirstOrDefault(type => type.Fits(connection));
}
