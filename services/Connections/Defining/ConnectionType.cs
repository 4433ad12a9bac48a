using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.SigningIn;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using Google.Protobuf.Reflection;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>
/// All that this service knows of one type of connection. Another destination is another class like the one for Braze,
/// registered in <see cref="ConnectionsApp"/>, and a field of the contract's oneof that is named as its type.
/// </summary>
/// <param name="id">Name of the type, such as "braze".</param>
internal abstract class ConnectionType(string id)
{
    private readonly FieldDescriptor _field = Wire.Connection.Descriptor.FindFieldByName(id.Replace('-', '_'));

    public string Id => id;

    /// <summary>App id of the only process that may have its credentials.</summary>
    public string Worker { get; } = $"worker-{id}";

    /// <summary>Name of the field in the contract's oneof, in update masks and in violations.</summary>
    public string Field => _field.Name;

    /// <summary>Settings that an update may name, such as "host".</summary>
    public abstract IReadOnlyList<string> Changeable { get; }

    /// <summary>Whether the message carries settings of this type.</summary>
    public bool Fits(Wire.Connection connection) => _field.Accessor.GetValue(connection) is not null;

    /// <summary>The settings of a message, those only that are asked for; with a violation for each that is missing or cannot be.</summary>
    /// <param name="asked">Whether a setting is asked for.</param>
    /// <param name="isNew">Whether they are for a new connection.</param>
    public abstract GivenSettings Read(Wire.Connection connection, Func<string, bool> asked, bool isNew, Violations violations);

    /// <summary>
    /// Asks the service, without changing anything there, whether it accepts what is given (BRZ-4, CON-14). What is not given
    /// comes from the connection.
    /// </summary>
    /// <param name="before">The connection that is to be changed; null for a new one.</param>
    public abstract Task<Result<CheckedSettings>> CheckAsync(Caller caller, string environment, Connection? before, GivenSettings given, CancellationToken cancellationToken);

    /// <summary>Asks the service whether it still accepts the stored credential.</summary>
    public abstract Task<VerifiedCredential> VerifyAsync(Connection connection, CancellationToken cancellationToken);

    /// <summary>The credential for the worker.</summary>
    /// <param name="renew">The worker was refused with what it got last.</param>
    public abstract Task<OpenedCredential> OpenAsync(Connection connection, bool renew, CancellationToken cancellationToken);

    /// <summary>A problem in words with the remedy.</summary>
    public virtual string Explain(string problem) => Problem.Explain(problem);

    /// <summary>What identifies the account at the destination, besides the type.</summary>
    public abstract string AccountOf(Connection connection);

    /// <summary>Puts settings without secret into an answer.</summary>
    /// <param name="details">The connection; null when the answer tells the type only.</param>
    public abstract void WriteSettings(Wire.Connection target, Connection? details);

    /// <summary>Puts what the connection is known to reach at the destination into a summary; most types know nothing of that.</summary>
    public virtual void WriteReach(Wire.ConnectionSummary target, Connection connection)
    {
    }

    /// <summary>Puts the secret into the answer for the worker.</summary>
    public abstract void WriteCredential(Wire.Credential target, FetchedCredential fetched);
}

/// <summary>Settings as a request gives them; null for what it does not give.</summary>
internal sealed record GivenSettings
{
    public string? Host { get; init; }

    /// <summary>Label that tells accounts behind one host apart.</summary>
    public string? Workspace { get; init; }

    public Secret? Secret { get; init; }

    /// <summary>A sign-in whose grant is the credential.</summary>
    public SignInName? SignIn { get; init; }

    /// <summary>Whether the caller confirms the terms of the destination.</summary>
    public bool TermsAccepted { get; init; }

    /// <summary>Whether the destination has to be asked again.</summary>
    public bool TouchCredential => Host is not null || Secret is not null || SignIn is not null;
}

/// <summary>Settings that the destination accepts.</summary>
internal sealed record CheckedSettings
{
    public string Host { get; init; } = "";

    public string Workspace { get; init; } = "";

    /// <summary>What only the type can read: see <see cref="Connection.Document"/>.</summary>
    public string Document { get; init; } = "";

    /// <summary>In clear; null when the credential is a grant.</summary>
    public Secret? Secret { get; init; }

    /// <summary>The completed sign-in that is used up when the settings are stored; null for none.</summary>
    public SignIn? SignIn { get; init; }
}

/// <summary>Looks connection types up.</summary>
internal sealed class ConnectionTypes(IEnumerable<ConnectionType> types)
{
    private readonly IReadOnlyList<ConnectionType> _types = [.. types];

    public string Fields => string.Join(", ", _types.Select(type => $"connection.{type.Field}"));

    /// <summary>Everything of their settings that an update mask may name.</summary>
    public IEnumerable<string> ChangeablePaths => _types.SelectMany(type => type.Changeable, (type, setting) => $"{type.Field}.{setting}");

    /// <summary>The type of a stored connection; one that is not registered is a bug of the deployment.</summary>
    public ConnectionType Of(string id) => _types.FirstOrDefault(type => type.Id == id) ?? throw new InvalidOperationException($"No connection type {id} is registered.");

    /// <summary>The type whose settings a message carries; null when it carries none.</summary>
    public ConnectionType? Of(Wire.Connection connection) => _types.FirstOrDefault(type => type.Fits(connection));

    /// <summary>What is the matter with a connection, in words with the remedies; empty while it is active.</summary>
    public string Explain(Connection connection) => string.Join(
        ' ', new[] { connection.CredentialProblem, connection.ExportUserProblem }.Where(problem => problem != Problem.None).Select(Of(connection.Type).Explain));
}
