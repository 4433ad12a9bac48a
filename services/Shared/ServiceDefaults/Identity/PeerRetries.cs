using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Which calls of other processes are tried again while those are out of reach.</summary>
internal static class PeerRetries
{
    private const int Attempts = 4;
    private const double Doubling = 2;
    private const int Tokens = 100;
    private const double TokensOfSuccess = 0.1;

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Methods whose contract lets a call be repeated although it may have been served: reads, and what sets absolute values.
    /// Methods with a request_id aren't here because it is optional, and a policy doesn't see requests; neither are
    /// updates and deletions, whose repetition answers ABORTED or NOT_FOUND. ExportRunService says itself that all of its
    /// methods may be repeated.
    /// </summary>
    public static IReadOnlyList<(ServiceDescriptor Service, IReadOnlyList<string> Methods)> Repeatable { get; } =
    [
        (EnvironmentService.Descriptor, ["GetEnvironment", "ListEnvironments", "ListRoleAssignments", "GetEffectiveRole"]),
        (ConnectionService.Descriptor, ["GetConnection", "ListConnections", "GetSignIn"]),
        (CredentialService.Descriptor, ["FetchCredential", "ReportRefusedCredential", "DescribeConnection"]),
        (ProfileService.Descriptor, ["GetProfileSchema", "GetProfileStatistics"]),
        (SegmentService.Descriptor, ["GetSegment", "ListSegments", "GetSegmentRefresh", "ListSegmentRefreshes"]),
        (MembershipService.Descriptor, ["StreamMembers", "StreamChanges"]),
        (ExportService.Descriptor, ["GetExport", "ListExports", "GetExportRun", "ListExportRuns", "ListRejectedRows"]),
        (ExportRunService.Descriptor, ["BeginRun", "ReportProgress", "RecordRejectedRows", "CompleteRun"]),
    ];

    /// <summary>UNAVAILABLE alone is tried again, about 0.1, 0.2 and 0.4 s later; and no more once most calls fail.</summary>
    public static ServiceConfig Config()
    {
        var repeatable = new MethodConfig
        {
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = Attempts,
                InitialBackoff = FirstBackoff,
                MaxBackoff = LongestBackoff,
                BackoffMultiplier = Doubling,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        foreach (var (service, methods) in Repeatable)
        {
            foreach (var method in methods)
            {
                repeatable.Names.Add(new MethodName { Service = service.FullName, Method = method });
            }
        }

        return new ServiceConfig { MethodConfigs = { repeatable }, RetryThrottling = new RetryThrottlingPolicy { MaxTokens = Tokens, TokenRatio = TokensOfSuccess } };
    }
}
