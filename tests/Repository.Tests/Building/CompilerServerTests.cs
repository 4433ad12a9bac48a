using System.Diagnostics;

namespace CustomerInsights.Repository.Building;

public sealed class CompilerServerTests
{
    [Test]
    public async Task A_build_finds_its_own_compiler_server_and_not_one_whose_name_begins_alike()
    {
        var pipe = $"-pipename:test-{Environment.ProcessId}";
        using var own = Sleeper(pipe);
        using var other = Sleeper(pipe + "4");
        try
        {
            var script = $"source eng/dotnet-env.sh; processes_with {pipe}";
            using var search = Start(["-c", script], readsOutput: true);
            var found = await search.StandardOutput.ReadToEndAsync();
            await search.WaitForExitAsync();
            Assert.That(found.Trim(), Is.EqualTo($"{own.Id}"));
        }
        finally
        {
            own.Kill();
            other.Kill();
        }
    }

    // Waits for a line that never comes.
    private static Process Sleeper(string argument) => Start(["-c", "read -r line; true", argument], readsOutput: false);

    private static Process Start(string[] arguments, bool readsOutput) => Process.Start(new ProcessStartInfo("bash", arguments)
    {
        WorkingDirectory = Checkout.Root, RedirectStandardInput = true, RedirectStandardOutput = readsOutput,
    })!;
}
