using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Sidecar;

/// <summary>
/// Where this process finds its Dapr sidecar, and what the two show each other. Section "Dapr" goes before the variables that
/// Dapr sets itself: https://docs.dapr.io/reference/environment/.
/// </summary>
/// <param name="Http">Its HTTP API.</param>
/// <param name="Grpc">Its gRPC API.</param>
/// <param name="ApiToken">What it wants to see from us; null for nothing. Secret.</param>
/// <param name="AppToken">What we want to see from it; null for nothing, and then it must call from this machine. Secret.</param>
internal sealed record SidecarOptions(Uri Http, Uri Grpc, string? ApiToken, string? AppToken)
{
    private const int DefaultHttpPort = 3500;
    private const int DefaultGrpcPort = 50001;

    /// <summary>The problems are empty when the options can be used.</summary>
    public static (SidecarOptions Options, IReadOnlyList<string> Problems) Read(IConfiguration configuration)
    {
        var problems = new List<string>();
        var options = new SidecarOptions(
            AddressOf(configuration, "Dapr:HttpEndpoint", "DAPR_HTTP_PORT", DefaultHttpPort, problems),
            AddressOf(configuration, "Dapr:GrpcEndpoint", "DAPR_GRPC_PORT", DefaultGrpcPort, problems),
            TextOf(configuration, "Dapr:ApiToken", "DAPR_API_TOKEN"),
            TextOf(configuration, "Dapr:AppToken", "APP_API_TOKEN"));
        return (options, problems);
    }

    /// <summary>The options.</summary>
    /// <exception cref="Hosting.StartRefusedException">They can't be used.</exception>
    public static SidecarOptions Of(IConfiguration configuration)
    {
        var (options, problems) = Read(configuration);
        return problems.Count == 0 ? options : throw new Hosting.StartRefusedException(problems);
    }

    private static Uri AddressOf(IConfiguration configuration, string setting, string variable, int defaultPort, List<string> problems)
    {
        if (TextOf(configuration, setting) is { } text)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps))
            {
                return address;
            }

            problems.Add($"{setting} must be an address such as http://127.0.0.1:{defaultPort}.");
        }

        var port = defaultPort;
        if (TextOf(configuration, variable) is { } number && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > ushort.MaxValue))
        {
            problems.Add($"{variable} must be the number of a port.");
            port = defaultPort;
        }

        return new Uri($"http://127.0.0.1:{port}");
    }

    private static string? TextOf(IConfiguration configuration, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (configuration[key] is { Length: > 0 } text)
            {
                return text;
            }
        }

        return null;
    }
}
