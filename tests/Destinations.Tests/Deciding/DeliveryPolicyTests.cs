namespace CustomerInsights.Destinations.Deciding;

[Parallelizable(ParallelScope.All)]
public sealed class DeliveryPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    // Every answer, for one row and for several, before and after the last attempt: the whole table.
    [TestCase(Answer.Delivered, 1, 0, 0, ExpectedResult = "Done")]
    [TestCase(Answer.Delivered, 75, 7, 30, ExpectedResult = "Done")]
    [TestCase(Answer.Refused, 1, 0, 0, ExpectedResult = "Suspect")]
    [TestCase(Answer.Refused, 2, 0, 0, ExpectedResult = "Split")]
    [TestCase(Answer.Refused, 75, 7, 30, ExpectedResult = "Split")]
    [TestCase(Answer.TooLarge, 1, 0, 0, ExpectedResult = "Suspect")]
    [TestCase(Answer.TooLarge, 2, 0, 0, ExpectedResult = "Split")]
    [TestCase(Answer.Throttled, 1, 0, 0, ExpectedResult = "Retry of the account")]
    [TestCase(Answer.Throttled, 75, 7, 29, ExpectedResult = "Retry of the account")]
    [TestCase(Answer.Throttled, 75, 0, 30, ExpectedResult = "FailRun")]
    [TestCase(Answer.Unavailable, 1, 0, 0, ExpectedResult = "Retry")]
    [TestCase(Answer.Unavailable, 75, 6, 30, ExpectedResult = "Retry")]
    [TestCase(Answer.Unavailable, 75, 7, 0, ExpectedResult = "FailRun")]
    [TestCase(Answer.Unknown, 1, 0, 0, ExpectedResult = "Retry")]
    [TestCase(Answer.Unknown, 75, 6, 0, ExpectedResult = "Retry")]
    [TestCase(Answer.Unknown, 75, 7, 0, ExpectedResult = "FailRun")]
    [TestCase(Answer.Unauthorized, 1, 0, 0, ExpectedResult = "FailRun")]
    [TestCase(Answer.Unauthorized, 75, 0, 0, ExpectedResult = "FailRun")]
    [TestCase(Answer.Misdirected, 1, 0, 0, ExpectedResult = "FailRun")]
    [TestCase(Answer.Misdirected, 75, 0, 0, ExpectedResult = "FailRun")]
    public string The_table(Answer answer, int rows, int failures, int throttles)
    {
        var decision = Decide(new BatchOutcome(answer) { Reason = "BECAUSE" }, rows, new Attempts(failures, throttles));
        Assert.That(decision.Reason, decision.Step is NextStep.Done or NextStep.Split ? Is.Empty : Is.EqualTo("BECAUSE"));
        return decision.HoldsAccount ? $"{decision.Step} of the account" : decision.Step.ToString();
    }

    [Test]
    public void Rows_that_are_all_named_leave_nothing_to_decide([Values] Answer answer)
    {
        var outcome = new BatchOutcome(answer) { Rejections = [new(0, "A"), new(1, "B")] };
        Assert.That(Decide(outcome, 2, default).Step, Is.EqualTo(NextStep.Done));
    }

    [Test]
    public void An_unnamed_error_beside_named_ones_sends_the_rest_again_although_only_one_row_is_left()
    {
        var outcome = new BatchOutcome(Answer.Refused) { Rejections = [new(0, "A")] };
        Assert.That(Decide(outcome, 2, default).Step, Is.EqualTo(NextStep.Split));
    }

    [Test]
    public void Waiting_doubles_from_attempt_to_attempt_up_to_a_minute()
    {
        var waits = Enumerable.Range(1, 10).Select(attempt => DeliveryPolicy.BackOff(attempt, 0.999999).TotalSeconds).ToList();
        Assert.That(waits, Is.EqualTo(new double[] { 0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60 }).Within(0.001));
    }

    [TestCase(0.0, 500)]
    [TestCase(0.5, 750)]
    [TestCase(0.99, 995)]
    public void Jitter_takes_up_to_half_of_a_wait(double jitter, double milliseconds) =>
        Assert.That(DeliveryPolicy.BackOff(2, jitter).TotalMilliseconds, Is.EqualTo(milliseconds).Within(0.001));

    [Test]
    public void No_number_of_attempts_overflows() => Assert.That(DeliveryPolicy.BackOff(int.MaxValue, 0.5), Is.EqualTo(TimeSpan.FromSeconds(45)));

    [TestCase(Answer.Throttled)]
    [TestCase(Answer.Unavailable)]
    public void A_hint_of_the_destination_is_followed(Answer answer)
    {
        var at = Now.AddMinutes(7);
        Assert.That(Decide(new BatchOutcome(answer) { RetryAt = at }, 75, default).At, Is.EqualTo(at));
    }

    [Test]
    public void A_hint_in_the_past_still_means_backing_off() =>
        Assert.That(Decide(new BatchOutcome(Answer.Throttled) { RetryAt = Now.AddHours(-1) }, 75, default).At, Is.EqualTo(Now.AddMilliseconds(375)));

    [Test]
    public void An_absurd_hint_is_cut_off() =>
        Assert.That(Decide(new BatchOutcome(Answer.Throttled) { RetryAt = Now.AddYears(3) }, 75, default).At, Is.EqualTo(Now + DeliveryPolicy.LongestHint));

    // Lessons 2.13: an allowance that is used up is a state, not a failure.
    [Test]
    public void Throttling_does_not_use_up_the_attempts_for_failures()
    {
        var attempts = Enumerable.Repeat(Answer.Throttled, 20).Aggregate(default(Attempts), (before, answer) => before.After(answer));
        Assert.That(attempts, Is.EqualTo(new Attempts(0, 20)));
        Assert.That(Decide(new BatchOutcome(Answer.Unavailable), 75, attempts).Step, Is.EqualTo(NextStep.Retry));
    }

    private static DeliveryDecision Decide(BatchOutcome outcome, int sent, Attempts before) => DeliveryPolicy.Decide(outcome, sent, before, Now, 0.5);
}
