using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Starting;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace CustomerInsights.Quickstart.Calling;

/// <summary>The generated clients of the whole system, calling as one user.</summary>
internal sealed class Insights : IDisposable
{
    private readonly List<GrpcChannel> _channels = [];

    private Insights(Topology topology, string token)
    {
        var segments = Connect(topology.Grpc("segments"), token);
        Environments = new EnvironmentService.EnvironmentServiceClient(Connect(topology.Grpc("environments"), token));
        Connections = new ConnectionService.ConnectionServiceClient(Connect(topology.Grpc("connections"), token));
        Profiles = new ProfileService.ProfileServiceClient(segments);
        Segments = new SegmentService.SegmentServiceClient(segments);
        Memberships = new MembershipService.MembershipServiceClient(segments);
        Exports = new ExportService.ExportServiceClient(Connect(topology.Grpc("exports"), token));
    }

    public EnvironmentService.EnvironmentServiceClient Environments { get; }

    public ConnectionService.ConnectionServiceClient Connections { get; }

    public ProfileService.ProfileServiceClient Profiles { get; }

    public SegmentService.SegmentServiceClient Segments { get; }

    public MembershipService.MembershipServiceClient Memberships { get; }

    public ExportService.ExportServiceClient Exports { get; }

    public static Insights As(Topology topology, string token) => new(topology, token);

    public void Dispose() => _channels.ForEach(channel => channel.Dispose());

    private CallInvoker Connect(Uri address, string token)
    {
        var channel = GrpcChannel.ForAddress(address);
        _channels.Add(channel);
        return channel.CreateCallInvoker().Intercept(metadata => [.. metadata, new Metadata.Entry("authorization", $"Bearer {token}")]);
    }
}
