using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Quickstart.Sampling;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>A story with an ad account of its own at the stand-in of Microsoft Advertising, and somebody who signs in for it.</summary>
internal sealed class AdvertisingStory : SegmentStory, IDisposable
{
    private const long FirstNumber = 5_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static long _lastNumber = FirstNumber;
    private readonly AdAccount _account;

    private AdvertisingStory(Stage stage, long number)
        : base(stage)
    {
        _account = new AdAccount { CustomerId = number, AccountId = number + FirstNumber };
        Advertising = new MicrosoftAdvertisingControl(stage.Topology.SandboxAddress);
    }

    /// <summary>The whole stand-in; other stories play there, too.</summary>
    public MicrosoftAdvertisingControl Advertising { get; }

    /// <summary>Sets everything up and imports the customers; nothing is refreshed yet.</summary>
    public static async Task<AdvertisingStory> BeginAsync(Stage stage, IEnumerable<SampleCustomer> customers, CancellationToken cancellationToken)
    {
        var story = new AdvertisingStory(stage, Interlocked.Increment(ref _lastNumber));
        var user = new AdUser { UserName = $"{story.Id}@example.com", UserId = story._account.CustomerId, AccountIds = [story._account.AccountId] };
        await story.Advertising.DefineAccountAsync(story._account, cancellationToken);
        await story.Advertising.DefineUserAsync(user, cancellationToken);
        await story.SetSceneAsync(customers, cancellationToken);
        var signIn = await SetUp.SignInAsync(stage.Insights, story.Environment, user.UserName, cancellationToken);
        var connection = await SetUp.ConnectAsync(
            stage.Insights,
            story.Environment,
            "ads",
            new Connection { DisplayName = "Microsoft Advertising (stand-in)", MicrosoftAdvertising = new() { SignIn = signIn, CustomerMatchTermsAccepted = true } },
            cancellationToken);
        story.Export = await SetUp.CreateExportAsync(stage.Insights, "to-ads", story.ExportBy(connection), cancellationToken);
        return story;
    }

    /// <summary>
    /// Both as the test knows the customers and as the system shows the segment, the account has one list, which has the name of the
    /// segment and exactly their hashed addresses.
    /// </summary>
    public async Task AssertListEqualsSegmentAsync(CancellationToken cancellationToken, params string[] rejectedCustomerIds)
    {
        var rejected = rejectedCustomerIds.ToHashSet();
        var lists = await Advertising.ListsAsync(cancellationToken, _account.AccountId);
        Assert.That(lists.Select(list => list.Name), Is.EqualTo(new[] { Segment.DisplayName }), "lists of the account");
        var members = await Advertising.MembersAsync(lists[0].Id, cancellationToken).ToHashSetAsync(cancellationToken: cancellationToken);
        AssertSame(members, Present.Where(c => !rejected.Contains(c.Id)).Select(c => c.Email), "what the test's own customers make it");
        var shown = await ReadAddresses.RunAsync(Stage.Insights, Export, cancellationToken);
        AssertSame(members, shown.Where(member => !rejected.Contains(member.Key)).Select(member => member.Value), "what the system shows as members");
    }

    /// <summary>Waits until a fault has hit that often; the request need not have taken effect yet.</summary>
    public Task HitAsync(FaultRule fault, int times, CancellationToken cancellationToken) => Eventually.TrueAsync(
        async () => await HitsAsync(fault, cancellationToken) >= times, $"{fault.Kind} hits {fault.Operation} {times} times", Patience, cancellationToken);

    public async Task<int> HitsAsync(FaultRule fault, CancellationToken cancellationToken) =>
        (await Advertising.ListFaultsAsync(cancellationToken)).Single(f => f.Id == fault.Id).Hits;

    /// <summary>Waits until a request that a fault has hit is in the journal: then it took effect.</summary>
    public Task TookEffectAsync(FaultRule fault, CancellationToken cancellationToken) => Eventually.TrueAsync(
        async () => await Advertising.JournalAsync(0, cancellationToken).AnyAsync(entry => entry.Fault == fault.Id, cancellationToken),
        $"{fault.Operation} took effect and its answer hangs",
        Patience,
        cancellationToken);

    /// <summary>What the stand-in has got for this account, in the order in which it took effect, after a sequence.</summary>
    public async Task<AdvertisingJournal> JournalAsync(CancellationToken cancellationToken, long after = 0)
    {
        var all = await Advertising.JournalAsync(after, cancellationToken).ToListAsync(cancellationToken);
        return new AdvertisingJournal([.. all.Where(entry => entry.AccountId == _account.AccountId)]);
    }

    public void Dispose() => Advertising.Dispose();

    private Export ExportBy(Connection connection) => new()
    {
        DisplayName = "To Microsoft Advertising",
        Connection = connection.Name,
        Segments = { Segment.Name },
        MicrosoftAdvertising = new()
        {
            CustomerId = FormattableString.Invariant($"{_account.CustomerId}"),
            AccountId = FormattableString.Invariant($"{_account.AccountId}"),
            EmailAttribute = File.Export.EmailAttribute,
        },
    };

    private static void AssertSame(HashSet<string> members, IEnumerable<string> addresses, string what)
    {
        var expected = addresses.Select(OtherStandIns.Hash).ToHashSet();
        Assert.That((expected.Except(members).Count(), members.Except(expected).Count()), Is.EqualTo((0, 0)), $"missing and surplus: the list is not {what}");
    }
}
