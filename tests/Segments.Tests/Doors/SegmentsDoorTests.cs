using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using static CustomerInsights.Segments.Tests.Doors.Doors;

namespace CustomerInsights.Segments.Tests.Doors;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class SegmentsDoorTests(Engine engine)
{
    private ServiceHarness _harness = null!;
    private Doors _doors = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _harness = await Doors.StartAsync(engine);

    [OneTimeTearDown]
    public async Task StopAsync() => await _harness.DisposeAsync();

    [SetUp]
    public async Task EnterEnvironmentAsync()
    {
        _doors = new Doors(_harness);
        await _doors.DeclareAsync();
    }

    [Test]
    public async Task Segments_are_created_read_listed_in_byte_order_and_deleted()
    {
        foreach (var id in new[] { "b", "a-b", "a1", "ab", "a" })
        {
            await _doors.AddSegmentAsync(id: id);
        }

        var list = new ListSegmentsRequest { Parent = _doors.Environment, PageSize = 3 };
        var first = await _doors.Segments.ListSegmentsAsync(list);
        list.PageToken = first.NextPageToken;
        var second = await _doors.Segments.ListSegmentsAsync(list);
        Assert.That(first.Segments.Concat(second.Segments).Select(s => s.Name.Split('/')[^1]), Is.EqualTo(new[] { "a", "a-b", "a1", "ab", "b" }));
        Assert.That(second.NextPageToken, Is.Empty);
        var segment = await GetAsync($"{_doors.Environment}/segments/ab");
        Assert.That(segment, Is.EqualTo(first.Segments.Concat(second.Segments).Single(s => s.Name == segment.Name)));
        Assert.That((segment.State, segment.Version, segment.RefreshTime), Is.EqualTo((SegmentState.Inactive, 0L, (Timestamp?)null)));
        Assert.That(segment.Rule, Is.EqualTo(SpendAtLeast(20).Rule));
        Assert.That(Refused(async () => await _doors.Segments.DeleteSegmentAsync(new DeleteSegmentRequest { Name = segment.Name, Etag = "old" })).GetReason(), Is.EqualTo("STALE_ETAG"));
        await _doors.Segments.DeleteSegmentAsync(new DeleteSegmentRequest { Name = segment.Name, Etag = segment.Etag });
        Assert.That(Refused(() => GetAsync(segment.Name)).StatusCode, Is.EqualTo(StatusCode.NotFound));
        Assert.That(Refused(async () => await _doors.Segments.DeleteSegmentAsync(new DeleteSegmentRequest { Name = segment.Name })).StatusCode, Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task Texts_with_control_characters_are_refused_and_line_breaks_of_a_description_are_not()
    {
        var request = new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = "vip", Segment = SpendAtLeast(1), RequestId = "a\0b" };
        (request.Segment.DisplayName, request.Segment.Description) = ("a\nb", "a\0b");
        Assert.That(
            Fields(Refused(async () => await _doors.Segments.CreateSegmentAsync(request))),
            Is.EqualTo(new[] { "request_id", "segment.display_name", "segment.description" }));
        (request.RequestId, request.Segment.DisplayName, request.Segment.Description) = ("a b", "a b", "a\r\n\tb");
        var segment = await _doors.Segments.CreateSegmentAsync(request);
        Assert.That(segment.Description, Is.EqualTo("a\r\n\tb"));
        Assert.That(
            Fields(Refused(async () => await _doors.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = segment.Name, RequestId = "\0" }))), Is.EqualTo(new[] { "request_id" }));
        segment.DisplayName = "\0";
        Assert.That(Fields(Refused(() => UpdateAsync(segment, "display_name"))), Is.EqualTo(new[] { "segment.display_name" }));
    }

    [Test]
    public async Task Lists_tell_all_problems_at_once()
    {
        var segment = await _doors.AddSegmentAsync();
        var token = Convert.ToBase64String("v1:a\0b"u8);
        var segments = new ListSegmentsRequest { Parent = segment, PageSize = -1, PageToken = token };
        Assert.That(Fields(Refused(async () => await _doors.Segments.ListSegmentsAsync(segments))), Is.EqualTo(new[] { "page_size", "page_token", "parent" }));
        var refreshes = new ListSegmentRefreshesRequest { Parent = _doors.Environment, PageSize = -1, PageToken = token };
        Assert.That(Fields(Refused(async () => await _doors.Segments.ListSegmentRefreshesAsync(refreshes))), Is.EqualTo(new[] { "page_size", "page_token", "parent" }));
    }

    [Test]
    public async Task Validating_stores_nothing_and_problems_are_told_all_at_once()
    {
        var request = new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = "vip", Segment = SpendAtLeast(1), ValidateOnly = true };
        Assert.That((await _doors.Segments.CreateSegmentAsync(request)).Name, Does.EndWith("/vip"));
        Assert.That(Refused(() => GetAsync($"{_doors.Environment}/segments/vip")).StatusCode, Is.EqualTo(StatusCode.NotFound));
        request.SegmentId = "1vip";
        request.Segment = new Segment { Description = new string('x', 1001), Rule = BadRule() };
        Assert.That(Fields(Refused(async () => await _doors.Segments.CreateSegmentAsync(request))), Is.EqualTo(new[]
        {
            "segment_id", "segment.display_name", "segment.description",
            "segment.rule.group.operator",
            "segment.rule.group.conditions[0]",
            "segment.rule.group.conditions[1].comparison.attribute",
            "segment.rule.group.conditions[1].comparison.operator",
            "segment.rule.group.conditions[2].comparison.operator",
            "segment.rule.group.conditions[3].comparison.values",
            "segment.rule.group.conditions[4].group.conditions",
        }));
    }

    [Test]
    public async Task Updates_change_what_the_mask_names_under_the_etag()
    {
        var segment = await GetAsync(await _doors.AddSegmentAsync());
        segment.DisplayName = "New";
        segment.Description = "Not in the mask.";
        var updated = await UpdateAsync(segment, "display_name");
        Assert.That((updated.DisplayName, updated.Description), Is.EqualTo(("New", "")));
        Assert.That(Refused(() => UpdateAsync(segment, "description")).GetReason(), Is.EqualTo("STALE_ETAG"));
        segment.Etag = "";
        Assert.That(Fields(Refused(() => UpdateAsync(segment))), Is.EqualTo(new[] { "update_mask" }));
        Assert.That(Fields(Refused(() => UpdateAsync(segment, "rule", "version"))), Is.EqualTo(new[] { "update_mask.paths[1]" }));
        segment.Rule = new Condition();
        segment.State = SegmentState.Unspecified;
        Assert.That(Fields(Refused(() => UpdateAsync(segment, "*"))), Is.EqualTo(new[] { "segment.rule", "segment.state" }));
        Assert.That(
            Fields(Refused(() => UpdateAsync(new Segment { Name = _doors.Environment, State = (SegmentState)9 }, "version", "display_name", "state"))),
            Is.EqualTo(new[] { "update_mask.paths[0]", "segment.display_name", "segment.state", "segment.name" }), "all at once");
        segment.Name += "-unknown";
        Assert.That(Refused(() => UpdateAsync(segment, "display_name")).StatusCode, Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task Activating_asks_for_a_refresh()
    {
        var segment = await GetAsync(await _doors.AddSegmentAsync());
        segment.State = SegmentState.Active;
        await UpdateAsync(segment, "state");
        var history = await HistoryAsync(segment.Name);
        Assert.That((await _doors.EndOfAsync(history.Single().Name)).RequestedBy, Is.EqualTo("user:editor"));
        Assert.That((await GetAsync(segment.Name)).Version, Is.EqualTo(1));
    }

    [Test]
    public async Task A_refresh_publishes_a_version_with_its_numbers_history_and_event()
    {
        await _doors.ImportAsync("CustomerId,Spend\nperson-1,10\nperson-2,30\nperson-3,40\n");
        var name = await _doors.AddSegmentAsync();
        var refresh = await _doors.RefreshAsync(name);
        Assert.That((refresh.State, refresh.Version, refresh.MemberCount, refresh.AddedCount, refresh.RemovedCount, refresh.RequestedBy),
            Is.EqualTo((RefreshState.Successful, 1L, 2L, 2L, 0L, "user:editor")), refresh.Error);
        Assert.That(refresh.RequestTime, Is.LessThanOrEqualTo(refresh.StartTime));
        Assert.That(refresh.StartTime, Is.LessThanOrEqualTo(refresh.EndTime));
        var segment = await GetAsync(name);
        Assert.That((segment.State, segment.Version, segment.MemberCount, segment.RefreshTime), Is.EqualTo((SegmentState.Active, 1L, 2L, refresh.EndTime)));
        await _doors.ImportAsync("CustomerId,Spend\nperson-1,50\n");
        Assert.That((await _doors.RefreshAsync(name)).AddedCount, Is.EqualTo(1));
        var history = await HistoryAsync(name, pageSize: 1);
        Assert.That(history.Select(r => r.Version), Is.EqualTo(new[] { 2L, 1L }));
        var sent = await _harness.Database.ReadAsync(s => s.QueryAsync<string>("SELECT payload FROM outbox WHERE topic = @Topic AND subject = @name", new { Topic = Topics.SegmentRefreshed, name }), default);
        Assert.That(sent, Has.Count.EqualTo(2));
        Assert.That(string.Concat(sent), Does.Contain("\"memberCount\"").And.Not.Contain("person-"));
    }

    [Test]
    public async Task Repeating_a_request_for_a_refresh_gives_the_same_one()
    {
        var name = await _doors.AddSegmentAsync();
        var asked = new RefreshSegmentRequest { Name = name, RequestId = Some.Id() };
        var ended = await _doors.EndOfAsync((await _doors.Segments.RefreshSegmentAsync(asked)).Name);
        Assert.That(await _doors.Segments.RefreshSegmentAsync(asked), Is.EqualTo(ended));
        Assert.That((await _doors.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = name })).Name, Is.Not.EqualTo(ended.Name));
        Assert.That(Refused(async () => await _doors.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = name + "x" })).StatusCode, Is.EqualTo(StatusCode.NotFound));
        Assert.That(Refused(async () => await _doors.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = _doors.Environment })).StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
    }

    [Test]
    public async Task A_refresh_that_fails_keeps_the_published_members_and_says_why()
    {
        await _doors.ImportAsync("CustomerId,Spend\nc1,30\n");
        var name = await _doors.AddSegmentAsync();
        await _doors.RefreshAsync(name);
        var rule = (await GetAsync(name)).Rule.ToString().Replace("Spend", "Shoe", StringComparison.Ordinal);
        await _harness.Database.WriteAsync(t => t.ExecuteAsync("UPDATE segments SET rule = @rule WHERE environment = @EnvironmentId", new { rule, _doors.EnvironmentId }), default);
        var failed = await _doors.RefreshAsync(name);
        Assert.That((failed.State, failed.Version, failed.Error), Is.EqualTo((RefreshState.Failed, 0L, "segment.rule.comparison.attribute: is no attribute of the profile schema.")));
        var segment = await GetAsync(name);
        Assert.That((segment.Version, segment.MemberCount, segment.LastError), Is.EqualTo((1L, 1L, failed.Error)));
        Assert.That((await _doors.MembersAsync(name)).Single().Members, Has.Count.EqualTo(1));
        await UpdateAsync(new Segment { Name = name, Rule = SpendAtLeast(1).Rule }, "rule");
        await _doors.RefreshAsync(name);
        Assert.That((await GetAsync(name)).LastError, Is.Empty);
    }

    [Test]
    public async Task A_finished_refresh_cannot_be_canceled()
    {
        var name = await _doors.AddSegmentAsync();
        var ended = await _doors.RefreshAsync(name);
        var cancel = new CancelSegmentRefreshRequest { Name = ended.Name };
        Assert.That(Refused(async () => await _doors.Segments.CancelSegmentRefreshAsync(cancel)).GetReason(), Is.EqualTo("REFRESH_OVER"));
        cancel.Name += "0";
        Assert.That(Refused(async () => await _doors.Segments.CancelSegmentRefreshAsync(cancel)).StatusCode, Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task A_refresh_at_work_is_stopped_and_the_members_stay_as_they_were()
    {
        await _doors.ImportAsync("CustomerId,Email,Spend\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"c{i},person{i}@example.com,{i}\n")));
        var name = await _doors.AddSegmentAsync();
        await _doors.RefreshAsync(name);
        await UpdateAsync(new Segment { Name = name, Rule = SlowRule() }, "rule");
        var refresh = (await _doors.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = name })).Name;
        await Eventually.TrueAsync(
            async () => (await _doors.Segments.GetSegmentRefreshAsync(new GetSegmentRefreshRequest { Name = refresh })).State is RefreshState.Processing, "it begins");
        var canceled = await _doors.Segments.CancelSegmentRefreshAsync(new CancelSegmentRefreshRequest { Name = refresh });
        Assert.That(canceled.State, Is.EqualTo(RefreshState.Canceled));
        Assert.That((await _doors.EndOfAsync(refresh)).State, Is.EqualTo(RefreshState.Canceled));
        Assert.That((await GetAsync(name)).Version, Is.EqualTo(1));
        Assert.That(await _doors.Segments.CancelSegmentRefreshAsync(new CancelSegmentRefreshRequest { Name = refresh }), Is.EqualTo(canceled));
        await UpdateAsync(new Segment { Name = name, Rule = SpendAtLeast(0).Rule }, "rule");
        Assert.That((await _doors.RefreshAsync(name)).MemberCount, Is.EqualTo(20_000), "the next one is not held up");
    }

    [Test]
    public async Task An_event_asks_for_a_refresh_of_a_segment_or_of_all_active_ones()
    {
        var one = await _doors.AddSegmentAsync(id: "one");
        var two = await _doors.AddSegmentAsync(id: "two");
        var draft = await _doors.AddSegmentAsync(id: "draft");
        await PublishAsync(one, "nightly load");
        await Eventually.TrueAsync(async () => (await GetAsync(one)).Version == 1, "the segment is refreshed");
        Assert.That((await HistoryAsync(one)).Single().RequestedBy, Is.EqualTo("nightly load"));
        await _doors.RefreshAsync(two);
        await PublishAsync(_doors.Environment, "");
        await Eventually.TrueAsync(async () => (await GetAsync(one)).Version == 2 && (await GetAsync(two)).Version == 2, "all active segments are refreshed");
        Assert.That((await GetAsync(draft)).Version, Is.Zero);
    }

    [Test]
    public async Task Events_that_nobody_can_handle_are_refused_for_good()
    {
        var handler = new RefreshRequestedSubscription(_harness.Services.GetRequiredService<CustomerInsights.Segments.Refreshing.RequestRefresh>());
        Assert.That(await HandleAsync($"{_doors.Environment}/segments/unknown"), Is.EqualTo("UNKNOWN_SEGMENT"));
        Assert.That(await HandleAsync("segments/unknown"), Is.EqualTo("NAME_INVALID"));
        Assert.That(await HandleAsync(""), Is.EqualTo("NAME_INVALID"));
        Assert.That(await HandleAsync(_doors.Environment, new string('x', 129)), Is.EqualTo("REQUESTED_BY_INVALID"));
        var segment = await _doors.AddSegmentAsync();
        Assert.That(await HandleAsync(segment, "nightly\0load"), Is.EqualTo("REQUESTED_BY_INVALID"));
        Assert.That(await HandleAsync(segment, source: "test\n"), Is.EqualTo("REQUESTED_BY_INVALID"));
        Assert.That(await HandleAsync(segment, source: new string('x', 127) + "😀"), Is.Null);
        Assert.That((await HistoryAsync(segment)).Single().RequestedBy, Is.EqualTo(new string('x', 127)), "a long source is cut, but not through a character");

        async Task<string?> HandleAsync(string name, string requestedBy = "", string source = "test")
        {
            var received = new Event<SegmentRefreshRequested>("1", source, "", default, new SegmentRefreshRequested { Name = name, RequestedBy = requestedBy });
            return (await _harness.Database.WriteAsync(t => handler.HandleAsync(received, t, default), default)).DeadLetterReason;
        }
    }

    [Test]
    public void Readers_change_nothing()
    {
        var reader = _doors.AsReader<SegmentService.SegmentServiceClient>();
        var name = $"{_doors.Environment}/segments/some";
        Func<Task>[] calls =
        [
            async () => await reader.CreateSegmentAsync(new CreateSegmentRequest { Parent = _doors.Environment }),
            async () => await reader.UpdateSegmentAsync(new UpdateSegmentRequest { Segment = new Segment { Name = name } }),
            async () => await reader.DeleteSegmentAsync(new DeleteSegmentRequest { Name = name }),
            async () => await reader.RefreshSegmentAsync(new RefreshSegmentRequest { Name = name }),
            async () => await reader.CancelSegmentRefreshAsync(new CancelSegmentRefreshRequest { Name = name + "/refreshes/some" }),
        ];
        foreach (var call in calls)
        {
            Assert.That(Refused(call).StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        }
    }

    private async Task<Segment> GetAsync(string name) => await _doors.Segments.GetSegmentAsync(new GetSegmentRequest { Name = name });

    private async Task<Segment> UpdateAsync(Segment segment, params string[] mask) =>
        await _doors.Segments.UpdateSegmentAsync(new UpdateSegmentRequest { Segment = segment, UpdateMask = new FieldMask { Paths = { mask } } });

    private async Task<List<SegmentRefresh>> HistoryAsync(string segment, int pageSize = 10)
    {
        var request = new ListSegmentRefreshesRequest { Parent = segment, PageSize = pageSize };
        var found = new List<SegmentRefresh>();
        do
        {
            var page = await _doors.Segments.ListSegmentRefreshesAsync(request);
            found.AddRange(page.Refreshes);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return found;
    }

    private Task PublishAsync(string name, string requestedBy)
    {
        var events = _harness.Services.GetRequiredService<EventPublisher>();
        var asked = new SegmentRefreshRequested { Name = name, RequestedBy = requestedBy };
        return _harness.Database.WriteAsync(t => events.PublishAsync(t, Topics.SegmentRefreshRequested, name, asked), default);
    }

    private static Condition BadRule() => new()
    {
        Group = new ConditionGroup
        {
            Conditions =
            {
                new Condition(),
                new Condition { Comparison = new Comparison { Attribute = "Shoe" } },
                new Condition { Comparison = new Comparison { Attribute = "Email", Operator = ComparisonOperator.GreaterThan } },
                new Condition { Comparison = new Comparison { Attribute = "Spend", Operator = ComparisonOperator.IsBetween, Values = { new AttributeValue { NumberValue = 1 } } } },
                new Condition { Group = new ConditionGroup { Operator = LogicalOperator.And } },
            },
        },
    };

    // Matches nobody, and takes seconds to find that out.
    private static Condition SlowRule() => new()
    {
        Group = new ConditionGroup
        {
            Operator = LogicalOperator.Or,
            Conditions =
            {
                Enumerable.Range(0, 200).Select(i => new Condition
                {
                    Comparison = new Comparison
                    {
                        Attribute = "Email", Operator = ComparisonOperator.Contains, IgnoreCase = true, Values = { new AttributeValue { StringValue = $"nobody{i}" } },
                    },
                }),
            },
        },
    };

    private static IEnumerable<string> Fields(RpcException refused)
    {
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.InvalidArgument), refused.Status.Detail);
        return refused.GetRichStatus()!.Details.Single(d => d.Is(BadRequest.Descriptor)).Unpack<BadRequest>().FieldViolations.Select(v => v.Field);
    }
}
