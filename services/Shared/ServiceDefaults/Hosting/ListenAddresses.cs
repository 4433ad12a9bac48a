using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Section "Listen": where and how a process listens. Port 0 means any free port.</summary>
/// <param name="Grpc">HTTP/2: gRPC and event deliveries.</param>
/// <param name="Http">HTTP/1.1, with TLS also HTTP/2: gRPC-Web, probes and what services map there.</param>
/// <param name="PortsFile">Where to write {"grpc":5103,"http":5203} once both are open; null for nowhere.</param>
internal sealed record ListenAddresses(IPEndPoint Grpc, IPEndPoint Http, string? PortsFile)
{
    private const string AnyLoopbackPort = "127.0.0.1:0";

    private static readonly TimeSpan MinKeepAlive = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DefaultKeepAlive = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MaxKeepAlive = TimeSpan.FromHours(1);
    private static readonly TimeSpan MaxKeepAliveTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Turns both ports to TLS; null for none.</summary>
    public ServerCertificate? Certificate { get; private init; }

    /// <summary>A connection of HTTP/2 that was silent for so long is asked for a sign of life. From 1 s to 1 h. Default: 30 s.</summary>
    public TimeSpan KeepAlive { get; private init; } = DefaultKeepAlive;

    /// <summary>How long that may take to come; at most 20 s. Then the connection is closed and its calls are cancelled.</summary>
    public TimeSpan KeepAliveTimeout => KeepAlive < MaxKeepAliveTimeout ? KeepAlive : MaxKeepAliveTimeout;

    /// <summary>Whether nobody but this machine can reach the process.</summary>
    public bool AreLoopback => IPAddress.IsLoopback(Grpc.Address) && IPAddress.IsLoopback(Http.Address);

    /// <summary>Reads the section. Throws <see cref="StartRefusedException"/> naming every setting that is none.</summary>
    public static ListenAddresses Of(IConfiguration configuration)
    {
        var problems = new List<string>();
        var addresses = new ListenAddresses(
            Parse(configuration, "Listen:Grpc", problems), Parse(configuration, "Listen:Http", problems), configuration["Listen:PortsFile"])
        {
            Certificate = ServerCertificate.Of(configuration, problems),
            KeepAlive = ParseKeepAlive(configuration["Listen:KeepAlive"], problems),
        };
        return problems.Count == 0 ? addresses : throw new StartRefusedException(problems);
    }

    private static IPEndPoint Parse(IConfiguration configuration, string key, List<string> problems)
    {
        var text = configuration[key] ?? AnyLoopbackPort;
        if (text.Contains(':', StringComparison.Ordinal)
            && IPEndPoint.TryParse(text.Replace("localhost:", "127.0.0.1:", StringComparison.Ordinal).Replace("*:", "[::]:", StringComparison.Ordinal), out var address))
        {
            return address;
        }

        problems.Add($"{key} must be an address and a port such as 127.0.0.1:5103, [::]:5103 or *:5103.");
        return new IPEndPoint(IPAddress.Loopback, 0);
    }

    private static TimeSpan ParseKeepAlive(string? text, List<string> problems)
    {
        var time = DefaultKeepAlive;
        if (text is not null && (!TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time) || time < MinKeepAlive || time > MaxKeepAlive))
        {
            problems.Add("Listen:KeepAlive must be a time from 00:00:01 to 01:00:00.");
        }

        return time;
    }
}
