using System.Collections.Concurrent;
using CustomerInsights.Contracts.Environments.V1;
using Grpc.Core;

namespace CustomerInsights.TestKit.Hosting;

/// <summary>Stands in for Environments: tells the roles that a test assigned.</summary>
public sealed class FakeRoles : EnvironmentService.EnvironmentServiceBase
{
    private readonly ConcurrentDictionary<(string Environment, string Principal), Role> _roles = new();
    private int _questions;

    /// <summary>How often somebody asked.</summary>
    public int Questions => _questions;

    /// <summary>Gives a principal a role; the environment exists from now on.</summary>
    public FakeRoles Assign(string environmentId, string principal, Role role)
    {
        _roles[(environmentId, principal)] = role;
        return this;
    }

    public override Task<EffectiveRole> GetEffectiveRole(GetEffectiveRoleRequest request, ServerCallContext context)
    {
        Interlocked.Increment(ref _questions);
        var environment = request.Parent.Split('/')[^1];
        var roles = request.Groups.Append(request.Principal).Select(principal => _roles.GetValueOrDefault((environment, principal)));
        return Task.FromResult(new EffectiveRole { Role = roles.Max(), EnvironmentExists = _roles.Keys.Any(key => key.Environment == environment) });
    }
}
