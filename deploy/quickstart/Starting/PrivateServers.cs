using System.Diagnostics;

namespace CustomerInsights.Quickstart.Starting;

/// <summary>A PostgreSQL and a RabbitMQ of one's own, by eng/servers.sh.</summary>
internal sealed class PrivateServers : IAsyncDisposable
{
    private readonly string _folder;

    private PrivateServers(string folder, ServerAddresses addresses) => (_folder, Addresses) = (folder, addresses);

    public ServerAddresses Addresses { get; }

    public static async Task<PrivateServers> StartAsync(string folder, CancellationToken cancellationToken)
    {
        await ScriptAsync(["start", "--dir", folder], cancellationToken);
        var lines = await File.ReadAllLinesAsync(Path.Combine(folder, "env"), cancellationToken);
        return new PrivateServers(folder, new ServerAddresses(Value(lines, "CI_TEST_POSTGRES"), new Uri(Value(lines, "CI_TEST_RABBITMQ")), new Uri(Value(lines, "CI_TEST_RABBITMQ_MANAGEMENT"))));
    }

    /// <summary>Stops and starts it again; with <paramref name="kill"/> as after a crash.</summary>
    public Task RestartPostgresAsync(bool kill, CancellationToken cancellationToken) =>
        ScriptAsync(["restart-postgres", "--dir", _folder, .. Kill(kill)], cancellationToken);

    /// <summary>Stops and starts it again; with <paramref name="kill"/> as after a crash.</summary>
    public Task RestartRabbitMqAsync(bool kill, CancellationToken cancellationToken) =>
        ScriptAsync(["restart-rabbitmq", "--dir", _folder, .. Kill(kill)], cancellationToken);

    public async ValueTask DisposeAsync() => await StopAsync(_folder, CancellationToken.None);

    /// <summary>Stops what was started in this folder, perhaps by another program.</summary>
    public static Task StopAsync(string folder, CancellationToken cancellationToken) => ScriptAsync(["stop", "--dir", folder], cancellationToken);

    private static string[] Kill(bool kill) => kill ? ["--kill"] : [];

    private static async Task ScriptAsync(string[] arguments, CancellationToken cancellationToken)
    {
        // The servers inherit what the script has open, so its output goes to a file: a pipe would not end before they do.
        var output = Path.GetTempFileName();
        var script = Path.Combine(Repository.Root, "eng", "servers.sh");
        var start = new ProcessStartInfo("bash", ["-c", "out=\"$1\"; shift; exec \"$@\" >\"$out\" 2>&1 </dev/null", "bash", output, script, .. arguments]);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("eng/servers.sh did not start.");
        await process.WaitForExitAsync(cancellationToken);
        var said = await File.ReadAllTextAsync(output, cancellationToken);
        File.Delete(output);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"eng/servers.sh {string.Join(' ', arguments)} failed:\n{said}");
        }
    }

    private static string Value(string[] lines, string key) =>
        lines.Single(line => line.StartsWith(key + "=", StringComparison.Ordinal))[(key.Length + 1)..].Trim('\'');
}

/// <summary>Where a PostgreSQL and a RabbitMQ are.</summary>
/// <param name="Postgres">Connection string of a user that may create databases.</param>
/// <param name="RabbitMq">Broker with user and password; the path is a virtual host.</param>
/// <param name="RabbitMqManagement">The broker's management API with user and password.</param>
internal sealed record ServerAddresses(string Postgres, Uri RabbitMq, Uri RabbitMqManagement);
