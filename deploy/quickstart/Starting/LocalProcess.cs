using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CustomerInsights.Quickstart.Starting;

/// <summary>One process of the system on this machine. It writes its log to a file, and is stopped by its id.</summary>
internal sealed class LocalProcess
{
    private const int Terminate = 15;
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;

    private LocalProcess(string name, string logFile, Process process) => (Name, LogFile, _process) = (name, logFile, process);

    public string Name { get; }

    public string LogFile { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program with these settings, each an environment variable, in its own folder.</summary>
    public static LocalProcess Start(string name, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> settings, string logFile)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);

        // Through a shell that becomes the program: the log goes to the file without this process in between, so the
        // program can outlive it (--keep), and a session of its own keeps Ctrl-C of the terminal away from it.
        var start = new ProcessStartInfo("setsid", ["sh", "-c", "log=\"$1\"; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", logFile, .. command])
        {
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(command[^1])!,
            RedirectStandardInput = true,
        };
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start.");
        process.StandardInput.Close();
        return new LocalProcess(name, logFile, process);
    }

    /// <summary>Waits until the program answers with success at this address.</summary>
    public async Task WaitUntilReadyAsync(Uri address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var began = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(http, address, cancellationToken))
        {
            if (HasExited)
            {
                throw new InvalidOperationException($"{Name} ended with code {_process.ExitCode} before it was ready. The end of its log:\n{LogTail()}");
            }

            if (Stopwatch.GetElapsedTime(began) > timeout)
            {
                throw new TimeoutException($"{Name} was not ready within {timeout.TotalSeconds:0} s at {address}. The end of its log:\n{LogTail()}");
            }

            await Task.Delay(PollTime, cancellationToken);
        }
    }

    /// <summary>Ends it at once, as a power cut would.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Asks it to stop, and ends it when it takes too long. Tells whether it stopped by itself.</summary>
    public async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        if (HasExited)
        {
            return true;
        }

        _ = Signal(Id, Terminate);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StopTime);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await KillAsync(cancellationToken);
            return false;
        }
    }

    /// <summary>As <see cref="StopAsync"/>, for a process that another program started.</summary>
    public static async Task StopByIdAsync(int id, CancellationToken cancellationToken)
    {
        using var process = Process.GetProcessById(id);
        await new LocalProcess(process.ProcessName, "", process).StopAsync(cancellationToken);
    }

    /// <summary>The last lines of its log.</summary>
    public string LogTail(int lines = 30) => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(lines)) : "";

    /// <summary>Memory it has used at most, in bytes.</summary>
    public long PeakMemory() => File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/status"))
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024)
        .Single();

    /// <summary>Processor time it has used.</summary>
    public TimeSpan ProcessorTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(address, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
