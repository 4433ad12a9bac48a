using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>How a channel talks to its server.</summary>
public sealed class GrpcChannelOptions
{
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Sends the requests. The channel makes one suited to gRPC unless given one.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether the channel disposes the handler it was given.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Largest message a server may answer, in bytes; 4 MiB unless set, null for no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>Largest message a call may send, in bytes; no limit unless set.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Credentials for every call; must fit the address, "http" or "https".</summary>
    public ChannelCredentials? Credentials { get; set; }

    /// <summary>Whether credentials of calls may travel without TLS, as inside a cluster or on loopback.</summary>
    public bool UnsafeUseInsecureChannelCallCredentials { get; set; }

    /// <summary>Whether cancelled calls throw <see cref="OperationCanceledException"/> instead of <see cref="RpcException"/>.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    internal TimeProvider Time { get; init; } = TimeProvider.System;
}
