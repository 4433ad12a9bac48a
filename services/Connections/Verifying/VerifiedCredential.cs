using CustomerInsights.Connections.Defining;

namespace CustomerInsights.Connections.Verifying;

/// <summary>What an outside service says of a stored credential.</summary>
/// <param name="Problem">One of <see cref="Defining.Problem"/>; none when it accepts it.</param>
internal sealed record VerifiedCredential(string Problem)
{
    /// <summary>Further settings as the service tells them now; null when it told none.</summary>
    public string? Document { get; init; }

    /// <summary>The connection with what the service says.</summary>
    public Connection Put(Connection connection) => connection with { CredentialProblem = Problem, Document = Document ?? connection.Document };
}
