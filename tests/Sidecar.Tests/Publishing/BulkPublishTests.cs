namespace CustomerInsights.Sidecar.Tests.Publishing;

/// <summary>Publishing many events at once.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class BulkPublishTests : SidecarFixture
{
    [Test, CancelAfter(20_000)]
    public async Task All_are_taken(CancellationToken cancellationToken)
    {
        App.Subscriptions[0].Metadata["rawPayload"] = "true";
        await StartAsync(cancellationToken);
        using var courier = new Courier(Sidecar);

        var answer = await courier.PublishManyAsync(
            "orders",
            """
            [{"entryId":"a","event":{"n":1},"contentType":"application/json"},
             {"entryId":"b","event":"hello","contentType":"text/plain"},
             {"entryID":"c","event":{"id":"3","type":"sold"},"contentType":"application/cloudevents+json"}]
            """,
            cancellationToken);
        var events = (await App.HearAsync(3, cancellationToken)).Select(delivered => delivered.Json).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(answer.Status, Is.EqualTo(204));
            Assert.That(events.Select(json => json["data"]?.ToJsonString()), Is.EquivalentTo((string?[])["""{"n":1}""", "\"hello\"", null]));
            Assert.That(events.Select(json => (string?)json["id"]), Has.Member("3"));
        });
    }

    [CancelAfter(20_000)]
    [TestCase("""[{"event":1}]""")]
    [TestCase("""[{"entryId":"a","event":1},{"entryId":"a","event":2}]""")]
    [TestCase("""{"entryId":"a"}""")]
    [TestCase("nothing")]
    public async Task Bad_requests(string body, CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        using var courier = new Courier(Sidecar);

        var answer = await courier.PublishManyAsync("orders", body, cancellationToken);

        Assert.That((answer.Status, answer.ErrorCode), Is.EqualTo((400, "ERR_PUBSUB_EVENTS_SER")));
    }

    [Test, CancelAfter(20_000)]
    public async Task Metadata_of_the_request_reach_only_entries_with_metadata(CancellationToken cancellationToken)
    {
        App.Subscriptions[0].Metadata["rawPayload"] = "true";
        await StartAsync(cancellationToken);
        using var courier = new Courier(Sidecar);

        await courier.PublishManyAsync(
            "orders?metadata.ttlInSeconds=60",
            """[{"entryId":"a","event":1,"contentType":"application/json"},{"entryId":"b","event":2,"contentType":"application/json","metadata":{}}]""",
            cancellationToken);
        var events = (await App.HearAsync(2, cancellationToken)).Select(delivered => delivered.Json);

        Assert.That(events.Select(json => ((int)json["data"]!, json.ContainsKey("expiration"))), Is.EquivalentTo(new[] { (1, false), (2, true) }));
    }

    [Test, CancelAfter(20_000)]
    public async Task Failures_are_named(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        Component.Faults.IsAway = true;
        using var courier = new Courier(Sidecar);

        var answer = await courier.PublishManyAsync("orders", """[{"entryId":"a","event":1}]""", cancellationToken);

        Assert.That((answer.Status, (string?)answer.Json["failedEntries"]![0]!["entryId"]), Is.EqualTo((500, "a")));
    }
}
