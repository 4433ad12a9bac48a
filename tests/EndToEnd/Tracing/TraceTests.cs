using System.Globalization;
using System.Text;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Tracing;

/// <summary>One trace leads from whoever asked for a refresh to the request at the destination, through four processes and two events.</summary>
[TestFixture(Shape.Processes)]
[TestFixture(Shape.Sidecars)]
public sealed class TraceTests(Shape shape)
{
    private const string Traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    // Of each service a step that ends late; the last of all is the job of the run, in which everything else of the worker happens.
    private static readonly (string Service, string Step)[] LastSteps = [("segments", ""), ("exports", "CompleteRun"), ("connections", ""), ("worker-braze", "job export-run")];
    private OtlpCollector _collector = null!;
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp()
    {
        var cancellationToken = TestContext.CurrentContext.CancellationToken;
        _collector = await OtlpCollector.StartAsync(cancellationToken);

        // No catch-up that is faster than the event, which would be a trace of its own.
        var settings = new Dictionary<string, string> { ["Telemetry:OtlpEndpoint"] = _collector.Address.ToString(), ["Exports:HealEvery"] = "00:02:00" };
        _stage = await Stage.SetAsync(shape, null, settings, cancellationToken);
    }

    [OneTimeTearDown]
    public async Task TearDown()
    {
        await (_stage?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_collector?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [TearDown]
    public void ShowLogs() => _stage.ShowLogsOfFailure();

    [Test]
    [CancelAfter(180_000)]
    public async Task A_refresh_and_the_request_to_Braze_are_one_trace(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Members(50), cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);

        // Each process sends its spans every few seconds, and that of the last call ends last.
        await Eventually.TrueAsync(
            () => AllSpans().Any(IsBraze) && TraceOf(AllSpans(), "RefreshSegment") is not null, "both ends were exported", TimeSpan.FromSeconds(30), cancellationToken);
        var trace = AllSpans().First(IsBraze).TraceId;
        await Eventually.TrueAsync(
            () => LastSteps.All(last => AllSpans().Any(span => span.TraceId == trace && span.Service == last.Service && span.Name.Contains(last.Step, StringComparison.Ordinal))),
            "so was what is between them",
            TimeSpan.FromSeconds(30),
            cancellationToken);

        var spans = TraceOf(AllSpans(), "RefreshSegment")!;
        await TestContext.Out.WriteLineAsync(Draw(spans));
        Assert.That(spans[0].TraceId, Is.EqualTo(trace), () => $"The request to Braze is in another trace:\n{Draw([.. AllSpans().Where(span => span.TraceId == trace)])}");
        Assert.That(spans.Select(span => span.Service), Is.SupersetOf(LastSteps.Select(last => last.Service)));
        Assert.That(spans.Select(span => span.Id), Is.Unique, "each step is told of once");
        Assert.That(spans.SelectMany(span => span.Attributes.Values).Append(""), Has.None.Contains(story.ApiKey));
        if (shape == Shape.Processes)
        {
            // A sidecar puts a step of its own in between, of which it tells the collector itself.
            Assert.That(
                Way(spans, spans.First(IsBraze)).Select(span => $"{span.Service}: {span.Name}"),
                Is.EqualTo(new[]
                {
                    "segments: customerinsights.segments.v1.SegmentService/RefreshSegment", "segments: job refresh",
                    "exports: consume segments.segment-refreshed.v1", "exports: job open-run",
                    "worker-braze: consume exports.braze-run-requested.v1", "worker-braze: job export-run", "worker-braze: POST users/track",
                }));
        }
    }

    private static bool IsBraze(Span span) => span is { Service: "worker-braze", Name: "POST users/track" };

    private List<Span> AllSpans() => [.. _collector.Received.Where(received => received.Kind == Traces).SelectMany(received => Span.ReadAll(received.Message))];

    private static List<Span>? TraceOf(List<Span> all, string root) => all
        .Where(span => span.Name.Contains(root, StringComparison.Ordinal))
        .Select(span => all.Where(other => other.TraceId == span.TraceId).ToList())
        .FirstOrDefault();

    // From the first step to this one.
    private static List<Span> Way(List<Span> spans, Span last)
    {
        var way = new List<Span> { last };
        while (spans.FirstOrDefault(span => span.Id == way[0].ParentId) is { } parent)
        {
            way.Insert(0, parent);
        }

        return way;
    }

    // Steps of the database come in hundreds and are only counted.
    private static string Draw(List<Span> spans)
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"trace {spans[0].TraceId}");
        var ids = spans.Select(span => span.Id).ToHashSet();
        foreach (var root in spans.Where(span => !ids.Contains(span.ParentId)).OrderBy(span => span.Began))
        {
            Draw(root, 1);
        }

        return text.ToString();

        void Draw(Span span, int depth)
        {
            var children = spans.Where(child => child.ParentId == span.Id).OrderBy(child => child.Began).ToList();
            var statements = children.Count(IsStatement);
            text.AppendLine(CultureInfo.InvariantCulture, $"{new string(' ', depth * 2)}{span.Service}: {span.Name}{(statements > 0 ? $" ({statements} statements)" : "")}");
            foreach (var child in children.Where(child => !IsStatement(child)))
            {
                Draw(child, depth + 1);
            }
        }

        static bool IsStatement(Span span) => span.Attributes.ContainsKey("db.system.name") || span.Attributes.ContainsKey("db.system");
    }
}
