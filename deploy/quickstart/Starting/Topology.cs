using System.Globalization;
using System.Security.Cryptography;

namespace CustomerInsights.Quickstart.Starting;

/// <summary>
/// The system, running: either Standalone or separate processes, and in both cases the stand-in of Braze beside it. The
/// same binaries; only settings differ.
/// </summary>
internal sealed class Topology : IAsyncDisposable
{
    public const string Standalone = "standalone";
    public const string Sandbox = "sandbox";

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    // App id and project, in the order in which a person would start them; any order works.
    private static readonly IReadOnlyList<(string AppId, string Project)> Services =
    [
        ("environments", "Environments"), ("connections", "Connections"), ("segments", "Segments"), ("exports", "Exports"), ("worker-braze", "Workers.Braze"),
        ("worker-microsoft-advertising", "Workers.MicrosoftAdvertising"),
        ("worker-webhook", "Workers.Webhook"),
    ];

    private readonly TopologyOptions _options;
    private readonly string _signingKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly Dictionary<string, int> _ports = [];
    private readonly Dictionary<string, LocalProcess> _processes = [];

    private Topology(TopologyOptions options)
    {
        _options = options;
        foreach (var name in Names(options).Where(n => n != Sandbox))
        {
            _ports[$"{name}/grpc"] = options.Port($"{name}/grpc");
            _ports[$"{name}/http"] = options.Port($"{name}/http");
        }

        _ports[$"{Sandbox}/http"] = options.Port($"{Sandbox}/http");
    }

    /// <summary>The app ids, each a process of its own unless all are in Standalone.</summary>
    public static IReadOnlyList<string> AppIds => [.. Services.Select(service => service.AppId)];

    /// <summary>Every port by name, such as "segments/grpc".</summary>
    public IReadOnlyDictionary<string, int> Ports => _ports;

    public IReadOnlyCollection<LocalProcess> Processes => _processes.Values;

    public bool IsStandalone => _options.Servers is null;

    public string BrazeKey => _options.BrazeKey;

    /// <summary>Host and port of the stand-in, as a connection names it.</summary>
    public string BrazeHost => SandboxAddress.Authority;

    public Uri SandboxAddress => Address(Sandbox, "http");

    /// <summary>Where the key that services sign with comes from: one for all of them, of this topology alone.</summary>
    public string SigningKey => _signingKey;

    public LocalProcess this[string name] => _processes[name];

    /// <summary>The gRPC address that serves an app id.</summary>
    public Uri Grpc(string appId) => Address(IsStandalone ? Standalone : appId, "grpc");

    /// <summary>The HTTP/1.1 address of an app id.</summary>
    public Uri Http(string appId) => Address(IsStandalone ? Standalone : appId, "http");

    /// <summary>Starts everything and waits until all of it is ready. What was started is stopped when something fails.</summary>
    public static async Task<Topology> StartAsync(TopologyOptions options, CancellationToken cancellationToken)
    {
        var topology = new Topology(options);
        try
        {
            foreach (var name in Names(options))
            {
                topology.Launch(name);
            }

            await Task.WhenAll(Names(options).Select(name => topology.WaitUntilReadyAsync(name, cancellationToken)));
            return topology;
        }
        catch
        {
            await topology.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a process again that was stopped or killed, with the same ports and settings, and waits until it is ready.</summary>
    public async Task StartAgainAsync(string name, CancellationToken cancellationToken)
    {
        Launch(name);
        await WaitUntilReadyAsync(name, cancellationToken);
    }

    /// <summary>Ends a process as a power cut would.</summary>
    public Task KillAsync(string name, CancellationToken cancellationToken) => _processes[name].KillAsync(cancellationToken);

    /// <summary>A token of the development issuer.</summary>
    public async Task<string> TokenAsync(string user, bool platformAdministrator, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var flag = platformAdministrator ? "&platform_administrator=true" : "";
        return (await http.GetStringAsync(new Uri(Http("environments"), $"/dev/token?user={user}{flag}"), cancellationToken)).Trim();
    }

    /// <summary>Forgets the processes, so that they go on when this program ends.</summary>
    public void LeaveRunning() => _processes.Clear();

    /// <summary>Stops all of them. Throws when one had to be killed: a process must be able to stop.</summary>
    public async ValueTask DisposeAsync()
    {
        var stopped = await Task.WhenAll(_processes.Values.Select(async p => (p.Name, Stopped: await p.StopAsync(CancellationToken.None))));
        _processes.Clear();
        if (stopped.Where(s => !s.Stopped).Select(s => s.Name).ToList() is { Count: > 0 } hanging)
        {
            throw new TimeoutException($"Did not stop within their time and were killed: {string.Join(", ", hanging)}.");
        }
    }

    private static IEnumerable<string> Names(TopologyOptions options) =>
        options.Servers is null ? [Sandbox, Standalone] : [Sandbox, .. Services.Select(s => s.AppId)];

    private void Launch(string name)
    {
        var project = name switch
        {
            Sandbox => "Sandbox",
            Standalone => "Standalone",
            _ => Services.Single(s => s.AppId == name).Project,
        };
        var settings = name == Sandbox ? SandboxSettings() : ServiceSettings(name);
        _processes[name] = LocalProcess.Start(name, Repository.Program(project), settings, Path.Combine(_options.Folder, "logs", $"{name}.log"));
    }

    private Task WaitUntilReadyAsync(string name, CancellationToken cancellationToken) =>
        _processes[name].WaitUntilReadyAsync(new Uri(Address(name, "http"), name == Sandbox ? "/sandbox" : "/healthz/ready"), StartTime, cancellationToken);

    private Dictionary<string, string> SandboxSettings() => new()
    {
        ["Listen:Http"] = SandboxAddress.Authority,
        ["Sandbox:Braze:Key"] = BrazeKey,
    };

    private Dictionary<string, string> ServiceSettings(string name)
    {
        var settings = new Dictionary<string, string>(_options.Settings)
        {
            ["Listen:Grpc"] = Address(name, "grpc").Authority,
            ["Listen:Http"] = Address(name, "http").Authority,
            ["Authentication:Development:SigningKey"] = _signingKey,
            ["Connections:AllowedSandboxHosts:0"] = BrazeHost,
            ["Braze:AllowedSandboxHosts:0"] = BrazeHost,
            ["MicrosoftAdvertising:AllowedSandboxHosts:0"] = BrazeHost,
            ["MicrosoftAdvertising:CampaignAddress"] = $"{SandboxAddress}CampaignManagement/v13/",
            ["MicrosoftAdvertising:BulkAddress"] = $"{SandboxAddress}Bulk/v13/",
            ["Connections:MicrosoftAdvertising:ClientId"] = "sandbox-client",
            ["Connections:MicrosoftAdvertising:ClientSecret"] = "sandbox-secret",
            ["Connections:MicrosoftAdvertising:DeveloperToken"] = "BBD37VB98",
            ["Connections:MicrosoftAdvertising:AuthorizeAddress"] = $"{SandboxAddress}identity/authorize",
            ["Connections:MicrosoftAdvertising:TokenAddress"] = $"{SandboxAddress}identity/token",
            ["Connections:MicrosoftAdvertising:CustomerAddress"] = $"{SandboxAddress}CustomerManagement/v13/",
            ["Connections:MicrosoftAdvertising:CampaignAddress"] = $"{SandboxAddress}CampaignManagement/v13/",
            ["Webhook:AllowedSandboxHosts:0"] = BrazeHost,
        };
        if (_options.Servers is { } servers)
        {
            foreach (var (appId, _) in Services)
            {
                settings[$"Services:{appId}"] = Grpc(appId).ToString().TrimEnd('/');
            }

            settings["Storage:Engine"] = "PostgreSql";
            settings["Storage:ConnectionString"] = servers.Postgres;
            settings["Events:Transport"] = "RabbitMq";
            settings["Events:RabbitMq:Uri"] = servers.RabbitMq.AbsoluteUri;
        }
        else
        {
            settings["Storage:Engine"] = "Sqlite";
            settings["Storage:Directory"] = Path.Combine(_options.Folder, "databases");
            settings["Events:Transport"] = "InMemory";
        }

        foreach (var (key, value) in _options.SettingsOf(name))
        {
            settings[key] = value;
        }

        return settings;
    }

    private Uri Address(string name, string kind) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_ports[$"{name}/{kind}"]}"));
}
