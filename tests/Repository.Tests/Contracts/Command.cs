using System.Diagnostics;

namespace CustomerInsights.Repository.Contracts;

/// <summary>A command that has ended.</summary>
/// <param name="Text">What it wrote, errors first.</param>
internal sealed record Command(int Code, string Text)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs a script or program of the repository, named by its path from the root.</summary>
    public static async Task<Command> RunAsync(string path, params string[] arguments) => await RunAsync(Checkout.Root, Path.Combine(Checkout.Root, path), arguments);

    /// <summary>Runs a program in a folder; one that hangs is ended.</summary>
    public static async Task<Command> RunAsync(string folder, string program, string[] arguments)
    {
        if (!File.Exists(program) && program.Contains("node_modules", StringComparison.Ordinal))
        {
            return new Command(127, $"{Path.GetFileName(program)} is not installed; run eng/node.sh install.");
        }

        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
            return new Command(process.ExitCode, await errors + await output);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public void MustSucceed() => Assert.That(Code, Is.Zero, Text);
}
