using System.Net;
using Grpc.Net.Client.Configuration;

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

    /// <summary>Whether calls that end here, by a cancel, their deadline or their disposal, throw <see cref="OperationCanceledException"/> instead of <see cref="RpcException"/>.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    /// <summary>Which calls are tried again; none unless set. Checked when the channel is made, and not to be changed after that.</summary>
    public ServiceConfig? ServiceConfig { get; set; }

    /// <summary>Most attempts of a call whatever its policy says; 5 unless set, null for no limit.</summary>
    public int? MaxRetryAttempts { get; set; } = 5;

    /// <summary>Calls with larger requests, in bytes, aren't tried again; 1 MiB unless set, null for no limit.</summary>
    public long? MaxRetryBufferPerCallSize { get; set; } = 1024 * 1024;

    /// <summary>Time after the first failure to connect; 1 s unless set. It grows up to <see cref="MaxReconnectBackoff"/>.</summary>
    public TimeSpan InitialReconnectBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>10 s unless set, less than in the official package: a call that waits connects by itself, so it would learn of a server only then.</summary>
    public TimeSpan MaxReconnectBackoff { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the addresses behind a "dns" name are looked up again; 30 s unless set. Not in the official package.</summary>
    public TimeSpan DnsRefreshInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Least time between two look-ups because addresses can't be reached.</summary>
    internal TimeSpan DnsFailureInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Finds the addresses behind a name.</summary>
    internal Func<DnsEndPoint, CancellationToken, Task<IReadOnlyList<IPEndPoint>>> ResolveAsync { get; init; } = static async (name, cancellationToken) =>
        [.. (await Dns.GetHostAddressesAsync(name.Host, cancellationToken).ConfigureAwait(false)).Select(address => new IPEndPoint(address, name.Port))];

    /// <summary>Spreads retries: numbers from 0 to 1.</summary>
    internal Func<double> Chance { get; init; } = Random.Shared.NextDouble;

    internal TimeProvider Time { get; init; } = TimeProvider.System;
}
