using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.SigningIn;
using Google.Protobuf.WellKnownTypes;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections;

/// <summary>From the domain to messages. Only <see cref="WriteCredential"/> ever writes a secret.</summary>
internal sealed class ConnectionWire(ConnectionTypes types)
{
    private const int AccountLength = 16;

    /// <summary>What administrators see.</summary>
    public Wire.Connection WriteDetails(Connection connection)
    {
        var message = new Wire.Connection
        {
            Name = connection.Name.ToString(),
            DisplayName = connection.DisplayName,
            Access = connection.Access,
            State = StateOf(connection),
            StateReason = types.Explain(connection),
            Consent = new Wire.Consent
            {
                StatementVersion = connection.Agreement.StatementVersion,
                Agreed = true,
                AgreedBy = connection.Agreement.AgreedBy,
                AgreeTime = Timestamp.FromDateTimeOffset(connection.Agreement.AgreedAt),
            },
            ExportUser = connection.ExportUser.Principal,
            CreateTime = Timestamp.FromDateTimeOffset(connection.CreatedAt),
            CreatedBy = connection.CreatedBy,
            Etag = connection.Etag,
        };
        types.Of(connection.Type).WriteSettings(message, connection);
        return message;
    }

    /// <summary>What contributors see of a shared connection: display name and type (CON-10).</summary>
    public Wire.Connection WriteOutline(Connection connection)
    {
        var message = new Wire.Connection { Name = connection.Name.ToString(), DisplayName = connection.DisplayName };
        types.Of(connection.Type).WriteSettings(message, details: null);
        return message;
    }

    /// <summary>What other services see.</summary>
    public Wire.ConnectionSummary WriteSummary(Connection connection)
    {
        var message = new Wire.ConnectionSummary
        {
            Name = connection.Name.ToString(),
            Type = connection.Type,
            DisplayName = connection.DisplayName,
            Access = connection.Access,
            State = StateOf(connection),
            DestinationAccount = AccountOf(connection),
            ExportUser = connection.ExportUser.Principal,
        };
        types.Of(connection.Type).WriteReach(message, connection);
        return message;
    }

    /// <summary>How far a sign-in is.</summary>
    public static Wire.SignIn Write(SignIn signIn) => new()
    {
        Name = signIn.Name.ToString(),
        State = signIn.State,
        StateReason = SignInProblem.Explain(signIn.Reason),
        ExpireTime = Timestamp.FromDateTimeOffset(signIn.ExpiresAt),
    };

    public Wire.Credential WriteCredential(FetchedCredential fetched)
    {
        var message = new Wire.Credential { ExportUser = fetched.Connection.ExportUser.Principal, DestinationAccount = AccountOf(fetched.Connection) };
        types.Of(fetched.Connection.Type).WriteCredential(message, fetched);
        return message;
    }

    // A hash, because others store it, log it and send it on, and the host is nobody's business but ours.
    private string AccountOf(Connection connection) =>
        $"{connection.Type}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(types.Of(connection.Type).AccountOf(connection))))[..AccountLength]}";

    private static Wire.ConnectionState StateOf(Connection connection) => connection.IsActive ? Wire.ConnectionState.Active : Wire.ConnectionState.NeedsAttention;
}
