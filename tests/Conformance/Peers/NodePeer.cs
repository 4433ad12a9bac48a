using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace CustomerInsights.Conformance.Peers;

/// <summary>
/// A Node script of this project that speaks in lines of JSON on its standard output. It is handed its arguments as one
/// JSON text, and stopped by its id.
/// </summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _script;
    private readonly Process _process;
    private readonly Task<string> _errors;

    private NodePeer(string script, Process process)
    {
        (_script, _process) = (script, process);
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The folder of this project in the checkout: scripts are run where their packages are.</summary>
    public static string Home { get; } = FindHome();

    /// <param name="script">Path below this project, such as "Serving/server.mjs".</param>
    /// <param name="arguments">What the script finds as JSON in process.argv[2].</param>
    public static NodePeer Start(string script, JsonObject arguments) => Start(script, [arguments.ToJsonString()]);

    /// <summary>Runs a script for people: plain arguments, plain text.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string script, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        await using var peer = Start(script, arguments);
        var output = await peer._process.StandardOutput.ReadToEndAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        await peer._process.WaitForExitAsync(cancellationToken);
        return (peer._process.ExitCode, output, await peer._errors);
    }

    /// <summary>The next line that the script says. Throws when it ends or stays silent instead.</summary>
    public async Task<JsonNode> ReadAsync(CancellationToken cancellationToken)
    {
        var line = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken);
        return line is not null
            ? JsonNode.Parse(line)!
            : throw new InvalidOperationException($"{_script} ended early. It said:{Environment.NewLine}{await _errors.WaitAsync(Patience, cancellationToken)}");
    }

    /// <summary>Says a line to the script and waits for the next one of it.</summary>
    public async Task<JsonNode> AskAsync(JsonNode line, CancellationToken cancellationToken)
    {
        await WriteAsync(line, cancellationToken);
        return await ReadAsync(cancellationToken);
    }

    /// <summary>Says a line to the script.</summary>
    public async Task WriteAsync(JsonNode line, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(line.ToJsonString().AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static NodePeer Start(string script, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Home, script), .. arguments])
        {
            WorkingDirectory = Home,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new NodePeer(script, Process.Start(start) ?? throw new InvalidOperationException($"{script} did not start."));
    }

    private static string FindHome([CallerFilePath] string thisFile = "")
    {
        var home = Path.GetDirectoryName(Path.GetDirectoryName(thisFile))!;
        return File.Exists(Path.Combine(home, "package.json")) ? home : throw new InvalidOperationException($"The tests were built in another place: there is no {home}.");
    }
}
