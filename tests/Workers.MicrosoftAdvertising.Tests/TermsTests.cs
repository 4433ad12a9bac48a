using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.Workers.MicrosoftAdvertising.Contract;
using CustomerInsights.Workers.MicrosoftAdvertising.Staging;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>D-13: the Customer Match terms are accepted by people; 8003 becomes an instruction, and is never tried again by itself.</summary>
public sealed class TermsTests(Engine engine) : AdvertisingTests(engine)
{
    [Test]
    public async Task Without_accepted_terms_the_run_ends_with_what_to_do_and_heals_when_they_are([Values] bool byFile, [Values] bool itemByItem)
    {
        await StartAsync(byFile);
        await Control.SetAsync(MicrosoftAdvertisingVendor.Behaviour with { TermsAsPartialErrors = itemByItem }, Token);
        await AcceptTermsAsync(false);
        var customers = Customer.Many(4);
        Stage.Put(customers);
        var run = await FailAsync("TERMS_NOT_ACCEPTED");
        Assert.That(run.Message, Does.Contain("administrator").And.Contain("https://ads.microsoft.com").And.Contain("never accepted on anybody's behalf"));
        Assert.That((run.Counts.Added, run.Counts.Rejected, run.RejectionClasses.Count), Is.EqualTo((0, 0, 0)), "nobody's profile is at fault");
        Assert.That(Stage.Connections.Refused, Is.Empty, "the sign-in is good for other accounts");
        await AssertHoldsAsync(First);

        await AcceptTermsAsync(true);
        var healed = await SucceedAsync();
        Assert.That(healed.Counts.Added, Is.EqualTo(4));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_refusal_for_the_terms_is_not_repeated_by_itself([Values] bool byFile)
    {
        await StartAsync(byFile);
        await AcceptTermsAsync(false);
        Stage.Put(Customer.Many(4));
        await FailAsync("TERMS_NOT_ACCEPTED");
        var operation = byFile ? MicrosoftAdvertisingOperations.UploadBulkFile : MicrosoftAdvertisingOperations.ApplyCustomerListUserData;
        Assert.That((await JournalAsync(0)).Count(entry => entry.Operation == operation), Is.EqualTo(1));
    }

    [Test]
    public async Task Nothing_that_is_sent_says_that_the_terms_are_accepted([Values] bool byFile)
    {
        await StartAsync(byFile);
        var customers = await DeliverAsync(4);
        Stage.Remove(customers[0]);
        await SucceedAsync(assignment => assignment.ResendAll = true);
        await SucceedAsync(assignment => assignment.EmptyAudiences = true);
        var journal = await JournalAsync(0);
        Assert.That(journal.Where(entry => entry.AcceptsTerms is not null), Is.Empty);
        Assert.That(journal.Count(entry => entry is { Committed: true, Hashes.Count: > 0 }), Is.AtLeast(3));
    }

    // Lists may be made without; only members need the terms (facts: "creating an empty list needs none").
    [Test]
    public async Task Terms_that_are_withdrawn_later_stop_changes_and_keep_what_stands([Values] bool byFile)
    {
        await StartAsync(byFile);
        var customers = await DeliverAsync(4);
        await AcceptTermsAsync(false);
        await SucceedAsync();
        Stage.Remove(customers[0]);
        Stage.Put(Customer.One(9));
        await FailAsync("TERMS_NOT_ACCEPTED");
        await AssertHoldsAsync(First, HashesOf(customers));
        await AcceptTermsAsync(true);
        await SucceedAsync();
        await AssertHoldsAsync(First, HashesOf([.. customers.Skip(1), Customer.One(9)]));
    }
}
