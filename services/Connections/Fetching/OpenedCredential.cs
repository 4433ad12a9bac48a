using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Connections.Fetching;

/// <summary>A credential in clear, or why there is none.</summary>
internal sealed record OpenedCredential(Secret Secret)
{
    /// <summary>Why the connection has no credential any more; none when it has.</summary>
    public string Problem { get; private init; } = Defining.Problem.None;

    /// <summary>Why there is none for the moment; null when there is.</summary>
    public Refusal? Refusal { get; private init; }

    /// <summary>When it expires; null when it does not by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The secret encrypted anew, because its key has had its time; else null.</summary>
    public string? Rewritten { get; init; }

    public static OpenedCredential Failed(string problem) => new(default(Secret)) { Problem = problem };

    public static OpenedCredential Away(Refusal refusal) => new(default(Secret)) { Refusal = refusal };
}
