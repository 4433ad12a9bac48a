using System.Net;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Section "Listen": where a process listens. Port 0 means any free port.</summary>
/// <param name="Grpc">HTTP/2 without TLS: gRPC and event deliveries.</param>
/// <param name="Http">HTTP/1.1: probes and what services map there.</param>
/// <param name="PortsFile">Where to write {"grpc":5103,"http":5203} once both are open; null for nowhere.</param>
internal sealed record ListenAddresses(IPEndPoint Grpc, IPEndPoint Http, string? PortsFile)
{
    private const string AnyLoopbackPort = "127.0.0.1:0";

    /// <summary>Whether nobody but this machine can reach the process.</summary>
    public bool AreLoopback => IPAddress.IsLoopback(Grpc.Address) && IPAddress.IsLoopback(Http.Address);

    /// <summary>Reads the section. Throws <see cref="StartRefusedException"/> naming every address that is none.</summary>
    public static ListenAddresses Of(IConfiguration configuration)
    {
        var problems = new List<string>();
        var addresses = new ListenAddresses(
            Parse(configuration, "Listen:Grpc", problems), Parse(configuration, "Listen:Http", problems), configuration["Listen:PortsFile"]);
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
}
