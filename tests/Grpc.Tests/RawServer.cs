using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests;

/// <summary>A server that speaks HTTP/2 by hand, with one connection at a time to look after, and a client to it.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RawServer(GrpcChannelOptions? options = null)
    {
        _listener.Start();
        Channel = GrpcChannel.ForAddress($"http://{_listener.LocalEndpoint}", options ?? new GrpcChannelOptions());
    }

    public GrpcChannel Channel { get; }

    public TestService.TestServiceClient Client => new(Channel);

    public Task<RawPeer> AcceptAsync(CancellationToken cancellationToken) => RawPeer.AcceptAsync(_listener, cancellationToken);

    public void Dispose()
    {
        Channel.Dispose();
        _listener.Dispose();
    }
}
