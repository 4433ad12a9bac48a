using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Who is calling, from the verified bearer token.</summary>
/// <param name="Principal">"user:{id}", "application:{id}", or "service:{app id}" for a process of this system.</param>
/// <param name="Groups">Groups of the principal, each "group:{id}".</param>
public sealed record Caller(string Principal, IReadOnlyList<string> Groups)
{
    private const string ServicePrefix = "service:";
    private const string WorkerPrefix = "worker-";

    /// <summary>May create environments: the token carries the role "platform-administrator".</summary>
    public bool IsPlatformAdministrator { get; init; }

    /// <summary>The app id when a process of this system calls; else null.</summary>
    public string? Service => Principal.StartsWith(ServicePrefix, StringComparison.Ordinal) ? Principal[ServicePrefix.Length..] : null;

    /// <summary>The caller of this call. Every authorised method has one.</summary>
    public static Caller Of(ServerCallContext context) =>
        context.UserState.TryGetValue(typeof(Caller), out var caller) ? (Caller)caller : throw new InvalidOperationException("The call was not authenticated.");

    internal static bool IsWorker(string appId) => appId.StartsWith(WorkerPrefix, StringComparison.Ordinal);

    internal static Caller OfService(string appId) => new($"{ServicePrefix}{appId}", []);
}
