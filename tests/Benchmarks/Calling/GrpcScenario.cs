using CustomerInsights.Benchmarks.Measuring;
using CustomerInsights.Benchmarks.Reporting;
using Google.Protobuf;
using Grpc.Net.Client;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>
/// Our gRPC against a bare HTTP/2 endpoint that moves the same bytes, client and server in this process. Beside them, for
/// scale, our client calls the official JavaScript server.
/// </summary>
internal sealed class GrpcScenario(BenchmarkOptions options)
{
    private const string Unary = "unary";
    private const string Small = "small messages";
    private const string Large = "large messages";
    private const int BufferSize = 64 * 1024;
    private const int Callers = 64;
    private const int CallBytes = 128;
    private const int SmallBytes = 64;
    private const int SmallCount = 100_000;
    private const int LargeBytes = 64 * 1024;
    private const int LargeCount = 2_000;
    private const double LeastCalls = 0.85;
    private const double LeastMessagesPerProcessor = 500_000;
    private const double LeastStreamedBytes = 0.8;
    private const double MostAllocation = 1.5;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly RateMeter _meter = new(options.Rounds, Round);
    private readonly List<Rate> _rates = [];
    private readonly List<Target> _targets = [];

    public async Task<Results> RunAsync(CancellationToken cancellationToken)
    {
        var endpoints = new Dictionary<string, BareEndpoint>
        {
            [Unary] = new(1, CallBytes), ["small"] = new(SmallCount, SmallBytes), ["large"] = new(LargeCount, LargeBytes),
        };
        await using var server = await BenchServer.StartAsync(endpoints, cancellationToken);
        await using var official = await OfficialServer.StartAsync(cancellationToken);
        using var bare = new BareCaller();
        using var ours = GrpcChannel.ForAddress(server.Address);
        using var theirs = GrpcChannel.ForAddress(official.Address);
        var sides = new Sides(server.Address, bare, ours, theirs);
        await CallAsync(sides, cancellationToken);
        await StreamAsync(Small, SmallCount, SmallBytes, sides, cancellationToken);
        _targets.Add(Target.AtLeast("small messages per second of one processor", LeastMessagesPerProcessor, _rates.Single(rate => rate.Name == $"{Small}: ours").PerProcessorSecond));
        await StreamAsync(Large, LargeCount, LargeBytes, sides, cancellationToken);
        _targets.Add(Target.AtLeast("large messages: bytes per second / bare", LeastStreamedBytes, RatioOf(Large, rate => rate.BytesPerSecond)));
        return new Results(options.Scenario, "http2", 0, Machine.This(), [], _targets) { Rates = _rates };
    }

    private async Task CallAsync(Sides sides, CancellationToken cancellationToken)
    {
        var (frame, address) = (BareEndpoint.FrameOf(RequestOf(1, CallBytes)), sides.AddressOf(Unary));
        _rates.AddRange(await _meter.RunAsync(
            [
                new Contender("unary: bare", Callers, 2 * CallBytes, async token =>
                {
                    await sides.Bare.SendAsync(address, frame, 2 * CallBytes, token);
                    return 1;
                }),
                new Contender("unary: ours", Callers, 2 * CallBytes, Calls(sides.Ours)),
            ],
            cancellationToken));
        await MeasureOfficialAsync(new Contender("unary: our client, official server", Callers, 2 * CallBytes, Calls(sides.Theirs)), cancellationToken);
        _targets.Add(Target.AtLeast("unary: calls per second / bare", LeastCalls, RatioOf(Unary, rate => rate.PerSecond)));
        _targets.Add(Target.AtMost("unary: bytes allocated per call / bare", MostAllocation, RatioOf(Unary, rate => rate.AllocatedPerOperation)));
    }

    private async Task StreamAsync(string name, int count, int size, Sides sides, CancellationToken cancellationToken)
    {
        var (frame, address) = (BareEndpoint.FrameOf(RequestOf(count, size)), sides.AddressOf(name));
        _rates.AddRange(await _meter.RunAsync(
            [
                new Contender($"{name}: bare", 1, size, async token =>
                    await sides.Bare.SendAsync(address, frame, BufferSize, token) == (long)count * BareEndpoint.MessageFrame(size).Length
                        ? count
                        : throw new InvalidOperationException("The bare endpoint answered another number of bytes.")),
                new Contender($"{name}: ours", 1, size, Download(sides.Ours, count, size)),
            ],
            cancellationToken));
        await MeasureOfficialAsync(new Contender($"{name}: our client, official server", 1, size, Download(sides.Theirs, count / 10, size)), cancellationToken);
    }

    // Not in turns with the others: another process at work changes what comes after it, and not for both alike.
    private async Task MeasureOfficialAsync(Contender official, CancellationToken cancellationToken) =>
        _rates.AddRange(await _meter.RunAsync([official], cancellationToken));

    private static Func<CancellationToken, Task<long>> Calls(GrpcChannel channel)
    {
        var client = new BenchService.BenchServiceClient(channel);
        var request = RequestOf(1, CallBytes);
        return async token =>
        {
            var answer = await client.CallAsync(request, cancellationToken: token);
            return answer.Body.Length == CallBytes ? 1 : throw new InvalidOperationException("The answer is wrong.");
        };
    }

    private static Func<CancellationToken, Task<long>> Download(GrpcChannel channel, int count, int size)
    {
        var client = new BenchService.BenchServiceClient(channel);
        return async token =>
        {
            using var call = client.Download(RequestOf(count, size), cancellationToken: token);
            var (messages, bytes) = (0L, 0L);
            while (await call.ResponseStream.MoveNext(token))
            {
                messages++;
                bytes += call.ResponseStream.Current.Body.Length;
            }

            return messages == count && bytes == (long)count * size ? messages : throw new InvalidOperationException("The stream is not what was asked for.");
        };
    }

    private static BenchRequest RequestOf(int count, int size) => new() { Count = count, Size = size, Body = UnsafeByteOperations.UnsafeWrap(new byte[CallBytes]) };

    private double RatioOf(string name, Func<Rate, double> figure) => _meter.RatioOf($"{name}: ours", $"{name}: bare", figure);

    private sealed record Sides(Uri Server, BareCaller Bare, GrpcChannel Ours, GrpcChannel Theirs)
    {
        public Uri AddressOf(string name) => new(Server, BareEndpoint.PathOf(name.Split(' ')[0]));
    }
}
