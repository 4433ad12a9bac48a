using System.Text.RegularExpressions;

namespace CustomerInsights.Repository.Contracts;

/// <summary>The contracts in a folder of a test's own, to be broken.</summary>
internal sealed class ContractsCopy : IDisposable
{
    public const string Landed = "landed.binpb";

    private static readonly Lazy<Task<byte[]>> Image = new(AcceptAsync);

    private ContractsCopy(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>The contracts as they are, with all of them landed.</summary>
    public static async Task<ContractsCopy> MakeAsync()
    {
        var image = await Image.Value;
        var copy = Copy();
        await File.WriteAllBytesAsync(copy.PathOf(Landed), image);
        return copy;
    }

    /// <summary>Runs a command of eng/protos.sh on the copy.</summary>
    public Task<Command> RunAsync(params string[] command) => Command.RunAsync("eng/protos.sh", [.. command, "--dir", Folder]);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(path))!);
        File.WriteAllText(PathOf(path), text);
    }

    /// <summary>Replaces the first match of a pattern, which must be there.</summary>
    public void Change(string path, string pattern, string replacement)
    {
        var text = File.ReadAllText(PathOf(path));
        Assert.That(text, Does.Match(pattern), $"{path} has changed; the test needs another example.");
        Write(path, new Regex(pattern).Replace(text, replacement, 1));
    }

    public void Remove(string path) => File.Delete(PathOf(path));

    public byte[] ReadLanded() => File.ReadAllBytes(PathOf(Landed));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static ContractsCopy Copy()
    {
        var copy = new ContractsCopy(Directory.CreateTempSubdirectory("contracts-").FullName);
        foreach (var path in Checkout.FilesUnder("protos/", ".proto").Append("protos/buf.yaml"))
        {
            copy.Write(path["protos/".Length..], Checkout.Read(path));
        }

        return copy;
    }

    // Once for all copies.
    private static async Task<byte[]> AcceptAsync()
    {
        using var copy = Copy();
        (await copy.RunAsync("accept", "--first")).MustSucceed();
        return copy.ReadLanded();
    }

    private string PathOf(string path) => Path.Combine(Folder, path);
}
