using System.Text.Json.Nodes;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.Sidecar.Tests;

/// <summary>A sidecar, its app, and a second pair that reads the dead-letter topic. One for each test.</summary>
internal abstract class SidecarFixture : IAsyncDisposable
{
    protected const string Graveyard = "orders.dead";

    private readonly List<IAsyncDisposable> _started = [];
    private SidecarComponent? _component;

    protected SidecarNetwork Network { get; } = new();

    /// <summary>Whether the tests use nothing but what the real sidecar has, too: no faults, no look inside.</summary>
    protected virtual bool CanUseDaprd => false;

    protected SidecarComponent Component => _component ??= new SidecarComponent();

    protected TestApp App { get; } = new() { Subscriptions = { TestApp.Subscribe("orders", Graveyard) } };

    protected TestApp Undertaker { get; } = new() { Subscriptions = { TestApp.Subscribe(Graveyard) } };

    protected IRunningSidecar Sidecar { get; private set; } = null!;

    protected SidecarStandIn StandIn => (SidecarStandIn)Sidecar;

    public virtual async ValueTask DisposeAsync()
    {
        for (var i = _started.Count - 1; i >= 0; i--)
        {
            await _started[i].DisposeAsync();
        }

        await App.DisposeAsync();
        await Undertaker.DisposeAsync();
    }

    /// <summary>Retries at once, so many times.</summary>
    protected static ResiliencyPolicy Retries(int count) => new() { Retry = new RetryPolicy { Duration = TimeSpan.FromMilliseconds(1), MaxRetries = count } };

    /// <summary>Starts both apps with their sidecars, and waits until they have subscribed.</summary>
    protected async Task StartAsync(CancellationToken cancellationToken, Func<SidecarOptions, SidecarOptions>? adjust = null)
    {
        _component ??= CanUseDaprd ? await RunningSidecar.CreateComponentAsync(cancellationToken) : new SidecarComponent();
        await App.ListenAsync();
        await Undertaker.ListenAsync();
        Sidecar = await StartSidecarAsync((adjust ?? (options => options))(Options("shop", App)), cancellationToken);
        await StartSidecarAsync(Options("undertaker", Undertaker), cancellationToken);
    }

    protected SidecarOptions Options(string appId, TestApp? app) =>
        new() { AppId = appId, Network = Network, AppAddress = app?.Address, Components = [Component] };

    protected async Task<IRunningSidecar> StartSidecarAsync(SidecarOptions options, CancellationToken cancellationToken, bool waits = true)
    {
        var sidecar = CanUseDaprd ? await RunningSidecar.StartAsync(options, cancellationToken) : await SidecarStandIn.StartAsync(options, cancellationToken);
        _started.Add(sidecar);
        if (waits && options.AppAddress is not null)
        {
            using var courier = new Courier(sidecar);
            await courier.WaitForSubscriptionsAsync(cancellationToken);
        }

        return sidecar;
    }

    /// <summary>Publishes an order of that number by the sidecar.</summary>
    protected async Task PublishAsync(string id, CancellationToken cancellationToken, IRunningSidecar? by = null)
    {
        using var courier = new Courier(by ?? Sidecar);
        var cloudEvent = new JsonObject { ["id"] = id, ["source"] = "/till", ["type"] = "sold", ["datacontenttype"] = "application/json", ["data"] = new JsonObject { ["n"] = id } };
        var answer = await courier.PublishAsync("orders", cloudEvent.ToJsonString(), Courier.CloudEvents, cancellationToken);
        Assert.That(answer.Status, Is.EqualTo(204), answer.Body);
    }

    protected static string[] Ids(IEnumerable<AppEvent> events) => [.. events.Select(delivered => delivered.Request.Id)];
}
