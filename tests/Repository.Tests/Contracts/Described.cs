using CustomerInsights.Reference.Reading;

namespace CustomerInsights.Repository.Contracts;

/// <summary>The contracts with their comments, built once for all tests.</summary>
internal static class Described
{
    private static readonly Lazy<Task<IReadOnlyList<Package>>> Built = new(BuildAsync);

    public static Task<IReadOnlyList<Package>> PackagesAsync() => Built.Value;

    /// <summary>All methods, as "Service.Method".</summary>
    public static async Task<IReadOnlyList<(string Name, Service Service, Method Method)>> MethodsAsync() =>
        [.. (await PackagesAsync()).SelectMany(p => p.Services).SelectMany(s => s.Methods, (s, m) => ($"{s.Name}.{m.Name}", s, m))];

    private static async Task<IReadOnlyList<Package>> BuildAsync()
    {
        var file = Path.GetTempFileName();
        try
        {
            (await Command.RunAsync("tests/Conformance/node_modules/.bin/buf", "build", "protos", "--as-file-descriptor-set", "-o", $"{file}#format=binpb")).MustSucceed();
            return Descriptors.Read(await File.ReadAllBytesAsync(file));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
