using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Quickstart.Sampling;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.TestKit;
using Grpc.Core;
using Steps = CustomerInsights.Quickstart.Walking.SetUp;

namespace CustomerInsights.EndToEnd.Hiding;

/// <summary>
/// Addresses, names and the API key go where they must (profiles in Segments, the request to Braze) and nowhere else, also
/// when things go wrong. Everything else that the system says or stores is searched for them.
/// </summary>
[TestFixture(Shape.Standalone)]
[TestFixture(Shape.Processes)]
public sealed class CanaryTests(Shape shape)
{
    private readonly Canary _canary = new(Some.Id()[^12..]);
    private OtlpCollector _collector = null!;
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp()
    {
        var cancellationToken = TestContext.CurrentContext.CancellationToken;
        _collector = await OtlpCollector.StartAsync(cancellationToken);
        var settings = new Dictionary<string, string>
        {
            ["Telemetry:OtlpEndpoint"] = _collector.Address.ToString(),
            ["Logging:LogLevel:Default"] = "Debug",
            ["Logging:LogLevel:CustomerInsights"] = "Trace",
        };
        _stage = await Stage.SetAsync(shape, null, settings, cancellationToken);
    }

    [OneTimeTearDown]
    public async Task TearDown()
    {
        await (_stage?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_collector?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task Nothing_personal_and_no_key_gets_out(CancellationToken cancellationToken)
    {
        await using var outsider = _stage.Servers is { } servers ? await PlainBroker.ConnectAsync(servers.RabbitMq, cancellationToken) : null;
        var queue = outsider is null ? null : await outsider.ListenAsync(cancellationToken);

        using var story = await PlayAsync(cancellationToken);

        await SearchAnswersAsync(story, cancellationToken);
        await SearchTablesAsync(cancellationToken);
        if (outsider is not null)
        {
            var messages = await outsider.TakeAllAsync(queue!, cancellationToken);
            Assert.That(messages.Count(m => m.Contains("export-run-completed", StringComparison.Ordinal)), Is.EqualTo(2), "events were seen");
            messages.ToList().ForEach(message => _canary.Search("event", message));
        }

        // Stopping flushes what telemetry still holds back.
        var logs = _stage.Topology.Processes.Where(p => p.Name != Quickstart.Starting.Topology.Sandbox).Select(p => p.LogFile).ToList();
        await _stage.Topology.DisposeAsync();
        logs.ForEach(log => _canary.Search(Path.GetFileName(log), File.ReadAllText(log)));
        foreach (var (kind, message) in _collector.Received)
        {
            _canary.Search($"telemetry {kind}", message);
        }

        Assert.Multiple(() =>
        {
            Assert.That(_canary.Found, Is.Empty, string.Join('\n', _canary.Found.Take(20)));
            Assert.That(_collector.Received.Select(r => r.Kind).Distinct().Count(), Is.EqualTo(3), "traces, metrics and logs came");
            Assert.That(logs.Select(l => new FileInfo(l).Length), Has.All.GreaterThan(0), "logs were written");
            Assert.That(_canary.Searched, Is.GreaterThan(100));
        });
    }

    // The main job, and everything that usually makes a system talk: bad rows, bad requests, refused rows, a failing and a
    // refusing destination.
    private async Task<Story> PlayAsync(CancellationToken cancellationToken)
    {
        var customers = Story.Members(300).Select(Mark).ToList();
        customers[7] = customers[7] with { Email = _canary.BrokenAddress };
        var story = await Story.BeginAsync(_stage, customers, cancellationToken, _canary.ApiKey);
        await story.Braze.AddFaultAsync(new { Kind = "reject", ExternalIds = new[] { customers[9].BrazeId } }, cancellationToken);
        await story.Braze.AddFaultAsync(new { Kind = "status", Status = 500, Count = 1 }, cancellationToken);
        var run = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        Assert.That(run.Counts.Added, Is.EqualTo(298));

        await RefuseAsync(story, cancellationToken);

        // Braze repeats an unknown key in its answer.
        await story.Braze.RevokeKeyAsync(_canary.ApiKey, cancellationToken);
        await story.ImportAsync([customers[20] with { Email = "canary." + customers[20].Email }], cancellationToken);
        await story.RefreshAsync(cancellationToken);
        await Eventually.TrueAsync(
            async () => (await story.RunsAsync(cancellationToken)) is [{ State: RunState.Failed }, ..], "the run fails for want of a known key", cancellationToken: cancellationToken);
        return story;
    }

    private SampleCustomer Mark(SampleCustomer customer) =>
        customer with { Email = $"{customer.Id}.{_canary.Address}", FirstName = _canary.FirstName, LastName = $"{_canary.LastName} {customer.Id}", City = _canary.City };

    private async Task RefuseAsync(Story story, CancellationToken cancellationToken)
    {
        var bad = $"C1,{_canary.Address},{_canary.FirstName},{_canary.LastName},DE,{_canary.City},{_canary.City},{_canary.FirstName},{_canary.LastName},{_canary.Address},b\nC2,{_canary.Address}\n";
        using var content = new MemoryStream(SampleFiles.Csv(SampleCustomer.Columns, [bad]));
        var import = await ImportFile.RunAsync(_stage.Insights, new ImportHeader { Parent = story.Environment, Format = FileFormat.Csv }, content, _ => { }, cancellationToken);
        Assert.That(import.Rejected, Is.EqualTo(2));
        _canary.Search("answer of a bad import", import.ToString());

        var profile = new Profile { CustomerId = "C3", Attributes = { ["Points"] = new AttributeValue { StringValue = _canary.Address }, ["Vip"] = new AttributeValue { StringValue = _canary.LastName } } };
        await RefusedAsync(() => _stage.Insights.Profiles.UpsertProfilesAsync(
            new UpsertProfilesRequest { Parent = story.Environment, Profiles = { profile } }, cancellationToken: cancellationToken).ResponseAsync);
        await RefusedAsync(() => Steps.ConnectAsync(_stage.Insights, story.Environment, "rest.elsewhere.example.com", _canary.ApiKey, cancellationToken));
        await RefusedAsync(() => _stage.Insights.Connections.CreateConnectionAsync(
            new CreateConnectionRequest
            {
                Parent = story.Environment,
                ConnectionId = "unknown-key",
                Connection = new Connection
                {
                    DisplayName = "Unknown key",
                    Braze = new BrazeConnection { Host = _stage.Topology.BrazeHost, ApiKey = _canary.ApiKey + "-unknown" },
                    Consent = new Consent { StatementVersion = Steps.StatementVersion, Agreed = true },
                },
            },
            cancellationToken: cancellationToken).ResponseAsync);
    }

    private async Task RefusedAsync(Func<Task> call)
    {
        var refused = Assert.ThrowsAsync<RpcException>(() => call());
        _canary.Search("error", $"{refused} {refused!.Status.Detail}");
        foreach (var trailer in refused.Trailers)
        {
            _canary.Search($"trailer {trailer.Key}", trailer.ValueBytes);
        }

        await Task.CompletedTask;
    }

    private async Task SearchAnswersAsync(Story story, CancellationToken cancellationToken)
    {
        var insights = _stage.Insights;
        var runs = await story.RunsAsync(cancellationToken);
        foreach (var run in runs)
        {
            _canary.Search("run", run.ToString());
            foreach (var row in await ReadRejected.RunAsync(insights, run.Name, cancellationToken))
            {
                _canary.Search("rejected row", row.ToString());
            }
        }

        Assert.That(runs, Has.Count.GreaterThan(1));
        _canary.Search("refreshes", (await insights.Segments.ListSegmentRefreshesAsync(new ListSegmentRefreshesRequest { Parent = story.Segment.Name }, cancellationToken: cancellationToken)).ToString());
        _canary.Search("connections", (await insights.Connections.ListConnectionsAsync(new ListConnectionsRequest { Parent = story.Environment }, cancellationToken: cancellationToken)).ToString());
        _canary.Search("exports", (await insights.Exports.ListExportsAsync(new ListExportsRequest { Parent = story.Environment }, cancellationToken: cancellationToken)).ToString());
        _canary.Search("environments", (await insights.Environments.ListEnvironmentsAsync(new ListEnvironmentsRequest(), cancellationToken: cancellationToken)).ToString());
    }

    private async Task SearchTablesAsync(CancellationToken cancellationToken)
    {
        var stored = _stage.Servers is { } servers ? StoredText.OfPostgresAsync(servers.Postgres) : StoredText.OfSqliteAsync(Path.Combine(_stage.Folder, "databases"));
        var profiles = 0;
        var control = new Canary(_canary.Mark);
        var appIds = new HashSet<string>();
        await foreach (var (appId, table, row) in stored.WithCancellation(cancellationToken))
        {
            appIds.Add(appId);
            if (appId == "segments" && IsProfiles(table))
            {
                profiles++;
                control.Search(table, row);
            }
            else
            {
                _canary.Search($"table {appId}.{table}", row);
            }
        }

        Assert.That(appIds, Is.SupersetOf(new[] { "environments", "connections", "segments", "exports", "worker-braze" }));
        Assert.That(profiles, Is.EqualTo(300), "the profiles are where they belong, and there once");
        Assert.That(control.Found, Has.Count.GreaterThanOrEqualTo(300), "the search finds what is there");
    }

    // The one kind of table that is there to hold them.
    private static bool IsProfiles(string table) => table.StartsWith("profiles_", StringComparison.Ordinal);
}
