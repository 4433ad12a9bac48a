using System.Net;
using System.Text.Json;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

[Parallelizable(ParallelScope.All)]
public sealed class MicrosoftAdvertisingOutcomesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    private static readonly string[] KnownReasons =
    [
        .. typeof(MicrosoftAdvertisingReasons).GetFields().Select(field => (string)field.GetRawConstantValue()!),
    ];

    [TestCase(401, 109, Answer.Unauthorized, "CREDENTIAL_UNKNOWN")]
    [TestCase(400, 105, Answer.Unauthorized, "CREDENTIAL_UNKNOWN")]
    [TestCase(500, 105, Answer.Unauthorized, "CREDENTIAL_UNKNOWN")]
    [TestCase(400, 106, Answer.Misdirected, "ACCOUNT_NOT_ACCESSIBLE")]
    [TestCase(429, 117, Answer.Throttled, "DESTINATION_THROTTLED")]
    [TestCase(400, 117, Answer.Throttled, "DESTINATION_THROTTLED")]
    [TestCase(400, 4204, Answer.Throttled, "DESTINATION_THROTTLED")]
    [TestCase(400, 120, Answer.Unauthorized, "CREDENTIAL_FORBIDDEN")]
    [TestCase(400, 123, Answer.Unauthorized, "CREDENTIAL_FORBIDDEN")]
    [TestCase(400, 208, Answer.Misdirected, "ACCOUNT_INVALID")]
    [TestCase(500, 0, Answer.Unavailable, "DESTINATION_UNAVAILABLE")]
    [TestCase(400, 100, Answer.Misdirected, "DESTINATION_REFUSES_REQUEST")]
    [TestCase(400, 4835, Answer.Misdirected, "AUDIENCE_MISSING")]
    [TestCase(400, 8000, Answer.Misdirected, "AUDIENCE_MISSING")]
    [TestCase(400, 4853, Answer.Misdirected, "AUDIENCE_NAME_TAKEN")]
    [TestCase(400, 4842, Answer.Misdirected, "AUDIENCE_SETTINGS_REFUSED")]
    [TestCase(400, 4861, Answer.Misdirected, "AUDIENCE_OF_ANOTHER_TYPE")]
    [TestCase(400, 4866, Answer.Misdirected, "TOO_MANY_AUDIENCES")]
    [TestCase(400, 8003, Answer.Misdirected, "TERMS_NOT_ACCEPTED")]
    [TestCase(400, 8004, Answer.Misdirected, "EMAIL_NOT_HASHED")]
    [TestCase(400, 3225, Answer.Misdirected, "FILE_TOO_LARGE")]
    public void The_table_of_codes(int status, int code, Answer answer, string reason)
    {
        foreach (var body in new[]
        {
            $$"""{"TrackingId":"t","Type":"AdApiFaultDetail","Errors":[{"Code":{{code}},"Detail":null,"ErrorCode":"X","Message":"m"}]}""",
            $$"""{"TrackingId":"t","Type":"ApiFaultDetail","BatchErrors":[],"OperationErrors":[{"Code":"{{code}}","Details":null,"ErrorCode":"X","Message":"m"}]}""",
        })
        {
            var fault = MicrosoftAdvertisingOutcomes.OfCall((HttpStatusCode)status, Json(body), retryAfter: null)!;
            Assert.That((fault.Answer, fault.Reason, fault.Code), Is.EqualTo((answer, reason, code)));
            Assert.That(Destinations.Reasons.Explain(reason) != reason || MicrosoftAdvertisingReasons.Explain(reason).Length > 0, Is.True, "has a remedy in words");
        }
    }

    [TestCase(401, Answer.Unauthorized)]
    [TestCase(403, Answer.Unauthorized)]
    [TestCase(408, Answer.Unknown)]
    [TestCase(429, Answer.Throttled)]
    [TestCase(400, Answer.Refused)]
    [TestCase(404, Answer.Misdirected)]
    [TestCase(302, Answer.Misdirected)]
    [TestCase(500, Answer.Unavailable)]
    [TestCase(503, Answer.Unavailable)]
    public void The_table_of_statuses(int status, Answer answer)
    {
        Assert.That(MicrosoftAdvertisingOutcomes.OfCall((HttpStatusCode)status, null, null)!.Answer, Is.EqualTo(answer));
        Assert.That(MicrosoftAdvertisingOutcomes.OfCall((HttpStatusCode)status, Json("""{"Errors":[{"Code":99999}]}"""), null)!.Answer, Is.EqualTo(answer), "an unknown code says nothing");
    }

    [Test]
    public void The_relevant_code_need_not_come_first()
    {
        var fault = MicrosoftAdvertisingOutcomes.OfCall(HttpStatusCode.BadRequest, Json("""{"Errors":[{"Code":99},{"Code":0},{"Code":8003}]}"""), null)!;
        Assert.That(fault.Reason, Is.EqualTo("TERMS_NOT_ACCEPTED"));
    }

    [Test]
    public void A_longer_hint_prolongs_the_wait_and_a_shorter_one_does_not()
    {
        var body = Json("""{"Errors":[{"Code":117}]}""");
        Assert.That(MicrosoftAdvertisingOutcomes.OfCall(HttpStatusCode.TooManyRequests, body, null)!.Wait, Is.EqualTo(TimeSpan.FromMinutes(1)));
        Assert.That(MicrosoftAdvertisingOutcomes.OfCall(HttpStatusCode.TooManyRequests, body, TimeSpan.FromSeconds(5))!.Wait, Is.EqualTo(TimeSpan.FromMinutes(1)));
        Assert.That(MicrosoftAdvertisingOutcomes.OfCall(HttpStatusCode.TooManyRequests, body, TimeSpan.FromMinutes(3))!.Wait, Is.EqualTo(TimeSpan.FromMinutes(3)));
        Assert.That(MicrosoftAdvertisingOutcomes.OfCode(4204)!.Wait, Is.EqualTo(TimeSpan.FromMinutes(15)));
    }

    // The Bulk service has a budget of its own; calls need not wait for it.
    [TestCase(117, ExpectedResult = false)]
    [TestCase(4204, ExpectedResult = true)]
    public bool What_a_throttled_file_leaves_to_calls(int code) =>
        MicrosoftAdvertisingOutcomes.OfFileFault(MicrosoftAdvertisingOutcomes.OfCode(code)!, Now) is { Answer: Answer.Throttled, HoldsFilesOnly: true };

    [Test]
    public void Only_expired_or_invalid_tokens_are_worth_another_token() => Assert.That(
        Enumerable.Range(0, 10_000).Where(code => MicrosoftAdvertisingOutcomes.OfCode(code) is { IsToken: true }), Is.EqualTo(new[] { 105, 109 }));

    [Test]
    public void Every_reason_has_a_remedy_in_words() =>
        Assert.That(KnownReasons.Where(reason => MicrosoftAdvertisingReasons.Explain(reason).Length < 20), Is.Empty);

    [Test]
    public void Partial_errors_reject_the_items_at_their_places()
    {
        var outcome = Items("""{"PartialErrors":[{"Code":8005,"Index":1},{"Code":8006,"Index":3},{"Code":8006,"Index":1}]}""", sent: 4);
        Assert.That(outcome.Answer, Is.EqualTo(Answer.Delivered));
        Assert.That(outcome.Rejections, Is.EqualTo(new[] { new RowRejection(1, "ITEM_REFUSED"), new RowRejection(3, "ITEM_REFUSED") }));
    }

    [TestCase("""{"PartialErrors":[]}""", ExpectedResult = Answer.Delivered)]
    [TestCase("""{"PartialErrors":null}""", ExpectedResult = Answer.Delivered)]
    [TestCase("""{}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"PartialErrors":"none"}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""[]""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"PartialErrors":[{"Code":"\ud800","Index":"\ud800"}]}""", ExpectedResult = Answer.Refused)]
    [TestCase("""{"PartialErrors":[{"Code":8005,"Index":4}]}""", ExpectedResult = Answer.Refused)]
    [TestCase("""{"PartialErrors":[{"Code":8005,"Index":-1}]}""", ExpectedResult = Answer.Refused)]
    [TestCase("""{"PartialErrors":[{"Code":8005}]}""", ExpectedResult = Answer.Refused)]
    [TestCase("""{"PartialErrors":[{"Code":0,"Index":1}]}""", ExpectedResult = Answer.Unavailable)]
    [TestCase("""{"PartialErrors":[{"Code":8003,"Index":0}]}""", ExpectedResult = Answer.Misdirected)]
    [TestCase("""{"PartialErrors":[{"Code":8004,"Index":0}]}""", ExpectedResult = Answer.Misdirected)]
    [TestCase("""{"PartialErrors":[{"Code":8000,"Index":2}]}""", ExpectedResult = Answer.Misdirected)]
    public Answer What_an_answer_says_of_the_items_that_it_does_not_name(string body) => Items(body, sent: 4).Answer;

    [Test]
    public void A_rate_that_was_exceeded_is_waited_for_also_when_items_are_said_to_be_at_fault() =>
        Assert.That(Items("""{"PartialErrors":[{"Code":117,"Index":0}]}""", sent: 4).RetryAt, Is.EqualTo(Now.AddMinutes(1)));

    private static BatchOutcome Items(string body, int sent) => MicrosoftAdvertisingOutcomes.OfItems(Json(body), sent, Now);

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
}
