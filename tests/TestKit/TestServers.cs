using Microsoft.Extensions.Configuration;

namespace CustomerInsights.TestKit;

/// <summary>The PostgreSQL and RabbitMQ servers that all tests of a run share: eng/servers.sh starts them.</summary>
public static class TestServers
{
    private const string EnvironmentPrefix = "CI_TEST_";

    private static readonly Lazy<IConfiguration> Settings = new(Read);

    /// <summary>Npgsql connection string of a superuser to the database "postgres".</summary>
    public static string PostgreSql => Find("POSTGRES");

    /// <summary>AMQP address with user, password and virtual host.</summary>
    public static Uri RabbitMq => new(Find("RABBITMQ"));

    /// <summary>The broker's management API, with user and password.</summary>
    public static Uri RabbitMqManagement => new(Find("RABBITMQ_MANAGEMENT"));

    /// <summary>Path of the real Dapr sidecar for the tests that can use it; null for the stand-in (./test.sh --daprd).</summary>
    public static string? Daprd => Settings.Value["DAPRD"] is { Length: > 0 } path ? path : null;

    /// <summary>Whether tests run that take minutes and are known to agree with their short form (./test.sh --soak).</summary>
    public static bool RunsLongForms => Settings.Value["SOAK"] == "true";

    /// <summary>The folder with the solution in it, or that of a bundle (eng/bundle.sh).</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    private static string Find(string name) => Settings.Value[name] ?? throw new InvalidOperationException(
        $"{EnvironmentPrefix}{name} is not set and .data/servers/env does not tell it: run eng/servers.sh start");

    private static IConfiguration Read()
    {
        var file = Path.Combine(RepositoryRoot, ".data", "servers", "env");
        var lines = File.Exists(file) ? File.ReadAllLines(file) : [];
        var values = lines
            .Where(line => line.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            .Select(line => line[EnvironmentPrefix.Length..].Split('=', 2))
            .Where(pair => pair.Length == 2)
            .Select(pair => KeyValuePair.Create(pair[0], (string?)pair[1].Trim('\'', '"')));
        return new ConfigurationBuilder().AddInMemoryCollection(values).AddEnvironmentVariables(EnvironmentPrefix).Build();
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CustomerInsights.sln")) && !File.Exists(Path.Combine(folder.FullName, "bundle.txt")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Neither CustomerInsights.sln nor bundle.txt was found above the test's folder.");
    }
}
