using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using CustomerInsights.TestKit;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Balancing;

/// <summary>Several servers behind one name.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class BalancingTests
{
    [Test]
    public async Task Calls_take_turns_among_the_servers(CancellationToken cancellationToken)
    {
        await using var first = await ServeAsync();
        await using var second = await ServeAsync();
        var name = new Name { Servers = [PortOf(first), PortOf(second)] };
        using var channel = name.Connect();

        var served = await CallAsync(channel, 10, cancellationToken);

        Assert.That(served, Is.EqualTo(new Dictionary<string, int> { [$"segments:5103@{PortOf(first)}"] = 5, [$"segments:5103@{PortOf(second)}"] = 5 }), "authority and port");
        Assert.That(name.LookUps, Is.EqualTo(1));
    }

    [Test]
    public async Task A_server_that_refuses_connections_costs_no_call_and_is_set_aside(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync();
        var name = new Name { Servers = [ReservedPort.Take(), PortOf(server)] };
        using var channel = name.Connect();

        Assert.That((await CallAsync(channel, 20, cancellationToken)).Values.Sum(), Is.EqualTo(20));
        Assert.That(name.Connects.Count(port => port != PortOf(server)), Is.EqualTo(1), "attempts to reach the dead one");
        name.Time.Offset += TimeSpan.FromSeconds(2);
        await CallAsync(channel, 2, cancellationToken);
        Assert.That(name.Connects.Count(port => port != PortOf(server)), Is.EqualTo(2), "after the backoff");
    }

    [Test]
    public async Task No_server_at_all_is_unavailable_until_one_is_back(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync();
        var name = new Name { Servers = [ReservedPort.Take(), ReservedPort.Take()] };
        using var channel = name.Connect();
        Assert.That(await Expect.StatusAsync(() => CallAsync(channel, 1, cancellationToken)), Is.EqualTo(StatusCode.Unavailable));

        name.Servers = [PortOf(server)];
        name.Time.Offset += TimeSpan.FromSeconds(6);
        await Expect.StatusAsync(() => CallAsync(channel, 1, cancellationToken));
        await Expect.TrueAsync(async () => await Expect.ExceptionAsync(() => CallAsync(channel, 1, cancellationToken)) is null);

        Assert.That(await CallAsync(channel, 3, cancellationToken), Has.Count.EqualTo(1));
        Assert.That(name.LookUps, Is.EqualTo(2));
    }

    [Test]
    public async Task A_name_is_looked_up_again_after_a_while_and_new_servers_get_calls(CancellationToken cancellationToken)
    {
        await using var first = await ServeAsync();
        await using var second = await ServeAsync();
        var name = new Name { Servers = [PortOf(first)] };
        using var channel = name.Connect();
        Assert.That(await CallAsync(channel, 4, cancellationToken), Has.Count.EqualTo(1));

        name.Servers = [PortOf(first), PortOf(second)];
        await CallAsync(channel, 4, cancellationToken);
        Assert.That(name.LookUps, Is.EqualTo(1), "not yet");
        name.Time.Offset += TimeSpan.FromSeconds(30);
        await CallAsync(channel, 1, cancellationToken);
        await Expect.TrueAsync(() => name.LookUps == 2);

        await Expect.TrueAsync(async () => (await CallAsync(channel, 2, cancellationToken)).Count == 2);
    }

    [Test]
    public async Task Failures_look_the_name_up_again_but_not_each_time(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync();
        var name = new Name { Servers = [ReservedPort.Take()] };
        using var channel = name.Connect();
        for (var i = 0; i < 10; i++)
        {
            await Expect.StatusAsync(() => CallAsync(channel, 1, cancellationToken));
        }

        Assert.That(name.LookUps, Is.EqualTo(1));
        name.Time.Offset += TimeSpan.FromSeconds(5);
        await Expect.StatusAsync(() => CallAsync(channel, 1, cancellationToken));
        await Expect.TrueAsync(() => name.LookUps == 2);
    }

    [Test]
    public async Task A_name_that_is_gone_keeps_its_servers_and_an_unknown_one_is_unavailable(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync();
        var name = new Name();
        using var channel = name.Connect();
        Assert.That(await Expect.StatusAsync(() => CallAsync(channel, 1, cancellationToken)), Is.EqualTo(StatusCode.Unavailable));

        name.Servers = [PortOf(server)];
        await CallAsync(channel, 1, cancellationToken);
        name.Servers = [];
        name.Time.Offset += TimeSpan.FromMinutes(1);
        await CallAsync(channel, 1, cancellationToken);
        await Expect.TrueAsync(() => name.LookUps == 3);
        Assert.That(await CallAsync(channel, 1, cancellationToken), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Waiting_calls_outlast_a_name_without_servers(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync();
        var name = new Name();
        using var channel = name.Connect();
        var call = new TestService.TestServiceClient(channel).UnaryCallAsync(new SimpleRequest(), new CallOptions(cancellationToken: cancellationToken).WithWaitForReady());
        await Expect.TrueAsync(() => name.LookUps >= 2);
        name.Servers = [PortOf(server)];

        Assert.That(await call, Is.Not.Null);
    }

    [Test]
    public async Task The_system_resolves_names(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync();
        using var channel = GrpcChannel.ForAddress($"dns:///localhost:{PortOf(server)}", new GrpcChannelOptions { Credentials = ChannelCredentials.Insecure });

        Assert.That(await CallAsync(channel, 1, cancellationToken), Has.Count.EqualTo(1));
    }

    [TestCase("dns:///segments:5103", false)]
    [TestCase("dns://8.8.8.8/segments:5103", true)]
    [TestCase("dns:///", true)]
    [TestCase("dns:///segments/path", true)]
    public void A_name_must_make_sense_and_needs_credentials(string address, bool hasCredentials) => Assert.That(
        () => GrpcChannel.ForAddress(address, new GrpcChannelOptions { Credentials = hasCredentials ? ChannelCredentials.Insecure : null }), Throws.ArgumentException);

    private static Task<TestServer> ServeAsync() => TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(new Script
    {
        Unary = (_, context) => Task.FromResult(new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFromUtf8($"{context.Host}@{context.GetHttpContext().Connection.LocalPort}") } }),
    }));

    /// <summary>How many of the calls each server served.</summary>
    private static async Task<Dictionary<string, int>> CallAsync(GrpcChannel channel, int calls, CancellationToken cancellationToken)
    {
        var served = new List<string>();
        for (var i = 0; i < calls; i++)
        {
            served.Add((await new TestService.TestServiceClient(channel).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken)).Payload.Body.ToStringUtf8());
        }

        return served.CountBy(server => server).ToDictionary();
    }

    private static int PortOf(TestServer server) => server.Address.Port;

    /// <summary>The name "segments", and what is behind it.</summary>
    private sealed class Name
    {
        private int _lookUps;

        public IReadOnlyList<int> Servers { get; set; } = [];

        public int LookUps => _lookUps;

        public ConcurrentQueue<int> Connects { get; } = new();

        public ShiftedTime Time { get; } = new();

        public GrpcChannel Connect() => GrpcChannel.ForAddress("dns:///segments:5103", new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.Insecure,
            Time = Time,
            ResolveAsync = (_, _) =>
            {
                Interlocked.Increment(ref _lookUps);
                return Task.FromResult<IReadOnlyList<IPEndPoint>>([.. Servers.Select(port => new IPEndPoint(IPAddress.Loopback, port))]);
            },
            InitialReconnectBackoff = TimeSpan.FromSeconds(1),
            HttpHandler = new SocketsHttpHandler { ConnectCallback = ConnectAsync },
            DisposeHttpClient = true,
        });

        private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
        {
            Connects.Enqueue(context.DnsEndPoint.Port);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
    }

    /// <summary>The system's clock, ahead by an offset.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Offset.TotalSeconds * TimestampFrequency);
    }
}
