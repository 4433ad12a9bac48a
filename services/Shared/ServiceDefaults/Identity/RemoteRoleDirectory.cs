using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using CustomerInsights.Contracts.Environments.V1;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Section "Roles".</summary>
internal sealed class RoleCacheOptions
{
    public const string Section = "Roles";

    /// <value>How long a role is remembered, and so how long a taken role still works elsewhere. Default: 10 s; 0 asks each time.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "Roles:CacheFor must be a time from 00:00:00 to 00:05:00.")]
    public TimeSpan CacheFor { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Asks Environments for roles and remembers the answers briefly.</summary>
internal sealed class RemoteRoleDirectory(EnvironmentService.EnvironmentServiceClient environments, TimeProvider time, IOptions<RoleCacheOptions> options) : IRoleDirectory
{
    private const int MaxRemembered = 10_000;

    private readonly ConcurrentDictionary<Question, Answer> _answers = new();

    public async Task<Role?> GetRoleAsync(string environmentId, Caller caller, CancellationToken cancellationToken)
    {
        var question = new Question(environmentId, caller.Principal, string.Join('\n', caller.Groups.Order(StringComparer.Ordinal)));
        if (_answers.TryGetValue(question, out var answer) && time.GetUtcNow() < answer.ForgetAt)
        {
            return answer.Role;
        }

        var role = await AskAsync(environmentId, caller, cancellationToken);
        if (_answers.Count >= MaxRemembered)
        {
            _answers.Clear();
        }

        _answers[question] = new Answer(role, time.GetUtcNow() + options.Value.CacheFor);
        return role;
    }

    private async Task<Role?> AskAsync(string environmentId, Caller caller, CancellationToken cancellationToken)
    {
        var request = new GetEffectiveRoleRequest { Parent = $"environments/{environmentId}", Principal = caller.Principal, Groups = { caller.Groups } };
        try
        {
            var answer = await environments.GetEffectiveRoleAsync(request, cancellationToken: cancellationToken);
            return answer.EnvironmentExists ? answer.Role : null;
        }
        catch (RpcException refused) when (refused.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.InvalidArgument)
        {
            // Environments refused this process, not the caller: the caller must not be told that it is at fault.
            throw new InvalidOperationException("Environments refused to tell a role.", refused);
        }
    }

    private sealed record Question(string EnvironmentId, string Principal, string Groups);

    private sealed record Answer(Role? Role, DateTimeOffset ForgetAt);
}
