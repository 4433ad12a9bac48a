using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using CustomerInsights.TestKit.Sidecar.Proxying;

namespace CustomerInsights.TestKit.Sidecar.Daprd;

/// <summary>The real daprd as a process of its own, set up by files in a temporary folder.</summary>
internal sealed class DaprdProcess : IRunningSidecar
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(40);

    private readonly SidecarOptions _options;
    private readonly string _folder = Directory.CreateTempSubdirectory("daprd").FullName;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly HttpClient _http = new();
    private Process? _process;

    private DaprdProcess(SidecarOptions options)
    {
        _options = options;
        HttpAddress = new Uri($"http://127.0.0.1:{(options.HttpPort == 0 ? ReservedPort.Take() : options.HttpPort)}");
        GrpcAddress = new Uri($"http://127.0.0.1:{(options.GrpcPort == 0 ? ReservedPort.Take() : options.GrpcPort)}");
        if (options.ApiToken is { } token)
        {
            _http.DefaultRequestHeaders.Add(ProxyEndpoint.TokenHeader, token);
        }
    }

    public Uri HttpAddress { get; }

    public Uri GrpcAddress { get; }

    /// <param name="path">Of the binary.</param>
    public static async Task<DaprdProcess> StartAsync(string path, SidecarOptions options, CancellationToken cancellationToken)
    {
        var sidecar = new DaprdProcess(options);
        try
        {
            var resources = new DaprdResources(options, sidecar._folder);
            await resources.WriteAsync(cancellationToken);
            sidecar.Start(path, resources);
            await Eventually.TrueAsync(() => sidecar.IsOutboundReadyAsync(cancellationToken), "daprd is ready for outbound calls", TimeSpan.FromSeconds(30), cancellationToken);
            return sidecar;
        }
        catch (Exception exception)
        {
            await sidecar.DisposeAsync();
            throw new InvalidOperationException($"daprd did not start. It said:{Environment.NewLine}{string.Join(Environment.NewLine, sidecar._output)}", exception);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_process is not { HasExited: false } process)
        {
            return;
        }

        // Its own way to be told to end, with the same effect as SIGTERM.
        using var response = await _http.PostAsync(new Uri(HttpAddress, "/v1.0/shutdown"), null, cancellationToken);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(StopTimeout, cancellationToken);
    }

    public async Task KillAsync(CancellationToken cancellationToken = default)
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            await process.WaitForExitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private void Start(string path, DaprdResources resources)
    {
        var start = new ProcessStartInfo(path, Arguments(resources)) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        start.Environment["DAPR_API_TOKEN"] = _options.ApiToken;
        start.Environment["APP_API_TOKEN"] = _options.AppToken;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{path} did not start.");
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    private List<string> Arguments(DaprdResources resources)
    {
        List<string> arguments =
        [
            "--app-id", _options.AppId,
            "--dapr-http-port", HttpAddress.Port.ToString(CultureInfo.InvariantCulture),
            "--dapr-grpc-port", GrpcAddress.Port.ToString(CultureInfo.InvariantCulture),
            "--dapr-internal-grpc-port", ReservedPort.Take().ToString(CultureInfo.InvariantCulture),
            "--dapr-listen-addresses", "127.0.0.1",
            "--resources-path", resources.Resources,
            "--config", resources.Configuration,
            "--max-body-size", _options.MaxBodyBytes.ToString(CultureInfo.InvariantCulture),
            "--dapr-graceful-shutdown-seconds", Seconds(_options.DrainTimeout),
            "--enable-metrics=false",
            "--log-level", "warn",
        ];
        if (_options.AppAddress is { } app)
        {
            arguments.AddRange(["--app-port", app.Port.ToString(CultureInfo.InvariantCulture), "--app-protocol", "grpc", "--app-channel-address", app.Host]);
        }

        if (_options.AppHealth is { } health)
        {
            arguments.AddRange(
            [
                "--enable-app-health-check",
                "--app-health-probe-interval", Seconds(health.Interval),
                "--app-health-probe-timeout", health.Timeout.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture),
                "--app-health-threshold", health.Threshold.ToString(CultureInfo.InvariantCulture),
            ]);
        }

        return arguments;
    }

    private async Task<bool> IsOutboundReadyAsync(CancellationToken cancellationToken)
    {
        if (_process is { HasExited: true })
        {
            throw new InvalidOperationException($"It ended with code {_process.ExitCode}.");
        }

        try
        {
            using var response = await _http.GetAsync(new Uri(HttpAddress, "/v1.0/healthz/outbound"), cancellationToken);
            return response.StatusCode == HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
