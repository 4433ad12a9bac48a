using System.Collections.Frozen;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Who may call which method of the service, read once from the attributes of the implementations.</summary>
internal sealed class MethodRequirements(IEnumerable<ServedType> served)
{
    private readonly FrozenDictionary<string, MethodRequirement> _byMethod = served
        .SelectMany(type => ServedType.DescriptorOf(type.Implementation).Methods, (type, method) => MethodRequirement.Of(type.Implementation, method))
        .ToFrozenDictionary(requirement => requirement.Method);

    /// <summary>All methods that the service registered.</summary>
    public IEnumerable<MethodRequirement> All => _byMethod.Values;

    /// <summary>The requirement of "/service/method"; null when nobody stated one.</summary>
    public MethodRequirement? Find(string method) =>
        _byMethod.TryGetValue(method, out var requirement) && requirement.IsStated ? requirement : null;
}

/// <summary>Who may call a method.</summary>
/// <param name="Method">"/service/method".</param>
internal sealed record MethodRequirement(string Method)
{
    /// <summary>Role needed in the environment of the request; null when none is.</summary>
    public Role? Role { get; private init; }

    /// <summary>Where a request names its environment; null unless a role is needed.</summary>
    public ResourceField? Resource { get; private init; }

    /// <summary>App ids of services that may call it; empty for none.</summary>
    public IReadOnlyList<string> Services { get; private init; } = [];

    /// <summary>Whether every worker may call it.</summary>
    public bool AnyWorker { get; private init; }

    /// <summary>Whether every service of this system may call it.</summary>
    public bool AnyService { get; private init; }

    /// <summary>Whether every authenticated caller may call it.</summary>
    public bool AnyCaller { get; private init; }

    /// <summary>Whether every platform administrator may call it.</summary>
    public bool PlatformAdministrator { get; private init; }

    public bool IsStated => Role is not null || AnyCaller || PlatformAdministrator || AnyService || AnyWorker || Services.Count > 0;

    /// <summary>Whether this process of the system may call it, whatever the request says.</summary>
    public bool Admits(string appId) => AnyService || (AnyWorker && Caller.IsWorker(appId)) || Services.Contains(appId);

    /// <summary>Reads the attribute of the method's implementation. More than one is a bug; none leaves it unstated.</summary>
    public static MethodRequirement Of(Type implementation, MethodDescriptor method)
    {
        var name = $"/{method.Service.FullName}/{method.Name}";
        var handler = implementation.GetMethods().Single(candidate => candidate.Name == method.Name && candidate.GetParameters() is [.., { } last] && last.ParameterType == typeof(ServerCallContext));
        return handler.GetCustomAttributes(inherit: false).Where(attribute => attribute.GetType().Namespace == typeof(MethodRequirement).Namespace).ToList() switch
        {
            [] => new MethodRequirement(name),
            [RequiresRoleAttribute role] => new MethodRequirement(name) { Role = role.Role, Services = role.OrServices, AnyWorker = role.OrWorkers, Resource = ResourceField.Of(method.InputType) },
            [RequiresServiceAttribute service] => new MethodRequirement(name) { Services = service.AppIds, AnyService = service.AppIds.Count == 0 },
            [RequiresWorkerAttribute] => new MethodRequirement(name) { AnyWorker = true },
            [RequiresCallerAttribute caller] => new MethodRequirement(name) { AnyCaller = !caller.PlatformAdministrator, PlatformAdministrator = caller.PlatformAdministrator },
            _ => throw new InvalidOperationException($"{name} states a requirement that cannot be, or more than one."),
        };
    }
}
