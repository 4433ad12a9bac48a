using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.Workers.MicrosoftAdvertising.Staging;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>D-08: an audience that nobody keeps any more is emptied of those whom we brought in, if that is wanted.</summary>
public sealed class EmptyingTests(Engine engine) : AdvertisingTests(engine)
{
    private const string Foreigner = "0000000000000000000000000000000000000000000000000000000000000001";

    /// <summary>How an audience comes to be kept no longer.</summary>
    public enum Way
    {
        /// <summary>Its segment is taken out of an export that empties.</summary>
        Deselected,

        /// <summary>The export is run with empty_audiences, as before its removal.</summary>
        Removed,
    }

    [Test]
    public async Task Only_whom_we_brought_in_is_taken_out([Values] Way way, [Values] bool byFile)
    {
        await StartAsync(byFile);
        await DeliverBothAsync();
        await Control.AddMembersAsync((await ListAsync(Names[First])).Id, [Foreigner], Token);
        var run = await SucceedAsync(Given(way));
        await AssertHoldsAsync(First, Foreigner);
        Assert.That(run.Counts.Removed, Is.EqualTo(way == Way.Removed ? 24 : 12));
        Assert.That(run.SegmentCounts.Sum(counts => counts.Removed), Is.Zero, "nobody has left a segment that is kept");
        Assert.That(await MembersAsync(await ListAsync(Names[Second])), Has.Count.EqualTo(way == Way.Removed ? 0 : 12), "another audience is emptied with the export only");
        Assert.That(await Control.ListsAsync(Token), Has.Count.EqualTo(2), "a list itself is never deleted: campaigns may use it");
    }

    [Test]
    public async Task What_is_empty_is_not_emptied_again([Values] Way way, [Values] bool byFile)
    {
        await StartAsync(byFile);
        await DeliverBothAsync();
        await SucceedAsync(Given(way));
        var place = await PlaceAsync();
        await SucceedAsync(Given(way));
        Assert.That(await EffectsSinceAsync(place), Is.Empty);
    }

    [Test]
    public async Task By_default_everybody_stays_where_the_segment_is_deselected()
    {
        await StartAsync();
        var customers = await DeliverBothAsync();
        Settings.OnDeselect = MicrosoftAdvertisingOnDeselect.Unspecified;
        Stage.Export.Segments.Remove(First);
        await SucceedAsync();
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task Who_is_not_taken_out_at_first_is_tried_again([Values] Way way, [Values] bool byFile)
    {
        await StartAsync(byFile);
        var customers = await DeliverBothAsync();
        var stays = HashOf(customers[3]);
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Reject, Hashes = [stays] }, Token);
        await SucceedAsync(Given(way));
        await AssertHoldsAsync(First, stays);
        await Control.ClearFaultsAsync(Token);
        await SucceedAsync(Given(way));
        await AssertHoldsAsync(First);
    }

    [Test]
    public async Task A_refusal_as_a_whole_leaves_the_rest_to_the_next_run([Values] Way way, [Values] bool byFile)
    {
        await StartAsync(byFile);
        await DeliverBothAsync();
        await AcceptTermsAsync(false);
        await FailAsync("TERMS_NOT_ACCEPTED", Given(way));
        await AcceptTermsAsync(true);
        await SucceedAsync(Given(way));
        await AssertHoldsAsync(First);
    }

    [Test]
    public async Task A_restart_in_the_middle_of_it_loses_nobody([Values] Way way, [Values] bool byFile)
    {
        await StartAsync(byFile);
        await DeliverBothAsync();
        var operation = byFile ? MicrosoftAdvertisingOperations.GetBulkUploadStatus : MicrosoftAdvertisingOperations.ApplyCustomerListUserData;
        var kind = byFile ? FaultKind.HoldUpload : FaultKind.Delay;
        await Control.AddFaultAsync(new FaultRule { Kind = kind, DelayMilliseconds = 300, Operation = operation }, Token);
        var place = await PlaceAsync();
        var run = await AskAsync(Given(way));
        await SeenAsync(operation, place);
        await Stage.RestartAsync(Clock, Token);
        await Control.ClearFaultsAsync(Token);
        var ended = await Stage.EndedAsync(run, Token);
        Assert.That((ended.State, ended.Counts.Removed), Is.EqualTo((RunState.Successful, way == Way.Removed ? 24 : 12)));
        await AssertHoldsAsync(First);
    }

    // A list that is gone is as empty as can be; an export that is to be removed could never be otherwise.
    [Test]
    public async Task A_list_that_was_deleted_by_hand_is_empty([Values] Way way, [Values] bool byFile)
    {
        await StartAsync(byFile);
        await DeliverBothAsync();
        await DeleteByHandAsync(await ListAsync(Names[First]));
        var run = await SucceedAsync(Given(way));
        Assert.That(run.Counts.Removed, Is.EqualTo(way == Way.Removed ? 24 : 12));
        Assert.That(await Control.ListsAsync(Token), Has.Count.EqualTo(1), "and is not made anew");
    }

    [Test]
    public async Task A_segment_that_is_selected_again_is_mirrored_again([Values] Way way, [Values] bool byFile)
    {
        await StartAsync(byFile);
        var customers = await DeliverBothAsync();
        var list = await ListAsync(Names[First]);
        await SucceedAsync(Given(way));
        var run = await SucceedAsync();
        Assert.That(run.Counts.Added, Is.EqualTo(way == Way.Removed ? 24 : 12));
        Assert.That((await ListAsync(Names[First])).Id, Is.EqualTo(list.Id));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    private async Task<IReadOnlyList<Customer>> DeliverBothAsync()
    {
        Stage.Export.Segments.Add(Second);
        return await DeliverAsync(12);
    }

    private static Action<RunAssignment> Given(Way way) => assignment =>
    {
        assignment.EmptyAudiences = way == Way.Removed;
        if (way == Way.Deselected)
        {
            assignment.Export.Segments.Remove(First);
        }
    };
}
