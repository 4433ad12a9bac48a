using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CustomerInsights.TestKit.Hosting;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

[Parallelizable(ParallelScope.All)]
public sealed class KeepAliveTests
{
    private const byte Settings = 4;
    private const byte Ping = 6;

    [Test, CancelAfter(30_000)]
    public async Task Peer_that_gives_no_sign_of_life_is_hung_up_on(CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string?> { ["Listen:KeepAlive"] = "00:00:01" };
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = settings }, cancellationToken);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(harness.GrpcAddress).Port, cancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, Settings, 0, 0, 0, 0, 0], cancellationToken);
        var silence = Stopwatch.StartNew();

        var types = await ReadFrameTypesAsync(stream, cancellationToken);

        Assert.That(types, Has.Some.EqualTo(Ping), "it is asked first");
        Assert.That(silence.Elapsed, Is.GreaterThan(TimeSpan.FromSeconds(1.5)));
    }

    [TestCase("00:00:00.5")]
    [TestCase("02:00:00")]
    [TestCase("often")]
    public void Time_that_makes_no_sense_is_refused_at_start(string text)
    {
        var settings = new Dictionary<string, string?> { ["Listen:KeepAlive"] = text };
        var refused = Assert.ThrowsAsync<ServiceDefaults.Hosting.StartRefusedException>(() => ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = settings }))!;
        Assert.That(refused.Problems, Is.EqualTo(new[] { "Listen:KeepAlive must be a time from 00:00:01 to 01:00:00." }));
    }

    /// <summary>Reads frames, answers none, until the server closes the connection.</summary>
    private static async Task<List<byte>> ReadFrameTypesAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var types = new List<byte>();
        var head = new byte[9];
        while (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken) == head.Length)
        {
            types.Add(head[3]);
            await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8], cancellationToken);
        }

        return types;
    }
}
