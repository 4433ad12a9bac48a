using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.TestKit;
using Npgsql;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>A database and a virtual host for one topology, on servers that others use, too.</summary>
internal sealed class OwnPlace : IAsyncDisposable
{
    private readonly ServerAddresses _servers;
    private readonly string _name;

    private OwnPlace(ServerAddresses servers, string name) => (_servers, _name) = (servers, name);

    /// <summary>For the settings of the topology.</summary>
    public ServerAddresses Addresses => _servers with
    {
        Postgres = new NpgsqlConnectionStringBuilder(_servers.Postgres) { Database = _name }.ToString(),
        RabbitMq = new UriBuilder(_servers.RabbitMq) { Path = _name }.Uri,
    };

    public static async Task<OwnPlace> CreateAsync(ServerAddresses servers, CancellationToken cancellationToken)
    {
        var place = new OwnPlace(servers, Some.Name("e2e").Replace('-', '_'));
        await place.OnDatabaseServerAsync($"CREATE DATABASE {place._name} TEMPLATE template0", cancellationToken);
        await place.OnBrokerAsync(HttpMethod.Put, cancellationToken);
        return place;
    }

    /// <summary>The servers that all tests of a run share.</summary>
    public static ServerAddresses Shared() => new(TestServers.PostgreSql, TestServers.RabbitMq, TestServers.RabbitMqManagement);

    /// <summary>Writes the database to a file, as docs/operations.md says.</summary>
    public Task DumpAsync(string file, CancellationToken cancellationToken) =>
        RunAsync("pg_dump", ["--format=custom", "--file", file, _name], cancellationToken);

    /// <summary>Loses the database, and makes it again from the file, as docs/operations.md says.</summary>
    public async Task LoseAndRestoreAsync(string file, CancellationToken cancellationToken)
    {
        await OnDatabaseServerAsync($"DROP DATABASE {_name} WITH (FORCE)", cancellationToken);
        await OnDatabaseServerAsync($"CREATE DATABASE {_name} TEMPLATE template0", cancellationToken);
        await RunAsync("pg_restore", ["--exit-on-error", "--single-transaction", "--dbname", _name, file], cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await OnBrokerAsync(HttpMethod.Delete, CancellationToken.None);
        await OnDatabaseServerAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)", CancellationToken.None);
    }

    private async Task RunAsync(string tool, string[] arguments, CancellationToken cancellationToken)
    {
        var server = new NpgsqlConnectionStringBuilder(_servers.Postgres);
        var folder = Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(version => int.Parse(Path.GetFileName(version), CultureInfo.InvariantCulture)).First();
        var start = new ProcessStartInfo(Path.Combine(folder, "bin", tool), arguments) { RedirectStandardError = true };
        start.Environment["PGHOST"] = server.Host;
        start.Environment["PGPORT"] = server.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = server.Username;
        start.Environment["PGPASSWORD"] = server.Password;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{tool} did not start.");
        var said = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        Assert.That(process.ExitCode, Is.Zero, said);
    }

    private async Task OnDatabaseServerAsync(string sql, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(_servers.Postgres);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task OnBrokerAsync(HttpMethod method, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method, new Uri(_servers.RabbitMqManagement, $"/api/vhosts/{_name}"));

        // The broker shows a copy of whatever is published: see PlainBroker.
        request.Content = method == HttpMethod.Put ? JsonContent.Create(new { tracing = true }) : null;
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(_servers.RabbitMqManagement.UserInfo)));
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
