using CustomerInsights.Contracts.Environments.V1;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>
/// The method needs this role, or a higher one, in the environment named at the front of the request's "name" or
/// "parent" field (also inside a single nested message, as in update requests, and in the first message of a client stream).
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresRoleAttribute(Role role) : Attribute
{
    public Role Role { get; } = role;

    /// <summary>App ids of services that may call it, too, whatever their role.</summary>
    public string[] OrServices { get; init; } = [];

    /// <summary>Whether workers may call it, too.</summary>
    public bool OrWorkers { get; init; }
}

/// <summary>Only the named processes of this system may call the method; none named means all of them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresServiceAttribute(params string[] appIds) : Attribute
{
    public IReadOnlyList<string> AppIds { get; } = appIds;
}

/// <summary>
/// Only workers may call the method: processes of this system whose app id begins with "worker-". Whether a thing is that
/// worker's own, the use case checks by what the thing is.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresWorkerAttribute : Attribute;

/// <summary>Any authenticated caller may call the method; it decides by itself what to show.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresCallerAttribute : Attribute
{
    /// <summary>Whether the caller must be a platform administrator, whose token says so.</summary>
    public bool PlatformAdministrator { get; init; }
}
