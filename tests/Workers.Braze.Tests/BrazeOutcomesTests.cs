using System.Net;
using System.Text;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Workers.Braze;

[Parallelizable(ParallelScope.All)]
public sealed class BrazeOutcomesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    [TestCase(200, """{"message":"success"}""", ExpectedResult = Answer.Delivered)]
    [TestCase(201, """{"attributes_processed":3,"message":"success"}""", ExpectedResult = Answer.Delivered)]
    [TestCase(202, """{"message":"queued"}""", ExpectedResult = Answer.Delivered)]
    [TestCase(201, """{"message":"something else"}""", ExpectedResult = Answer.Refused)]
    [TestCase(201, "", ExpectedResult = Answer.Unknown)]
    [TestCase(201, """{"message":"succ""", ExpectedResult = Answer.Unknown)]
    [TestCase(201, "[]", ExpectedResult = Answer.Unknown)]
    [TestCase(201, "<html>", ExpectedResult = Answer.Unknown)]
    [TestCase(201, """{"message":"\ud800"}""", ExpectedResult = Answer.Refused)]
    [TestCase(201, """{"message":"success","errors":[{"type":"\ud800","index":0}]}""", ExpectedResult = Answer.Delivered)]
    [TestCase(400, """{"message":"Error while parsing request body. Please check your syntax."}""", ExpectedResult = Answer.Refused)]
    [TestCase(400, "<html>", ExpectedResult = Answer.Refused)]
    [TestCase(401, """{"message":"Invalid API key: the-key"}""", ExpectedResult = Answer.Unauthorized)]
    [TestCase(403, """{"message":"Access Denied"}""", ExpectedResult = Answer.Unauthorized)]
    [TestCase(404, """{"message":"Invalid URL"}""", ExpectedResult = Answer.Misdirected)]
    [TestCase(405, "", ExpectedResult = Answer.Misdirected)]
    [TestCase(408, "", ExpectedResult = Answer.Unknown)]
    [TestCase(413, "", ExpectedResult = Answer.TooLarge)]
    [TestCase(415, "", ExpectedResult = Answer.Misdirected)]
    [TestCase(429, """{"message":"Rate Limited"}""", ExpectedResult = Answer.Throttled)]
    [TestCase(301, "", ExpectedResult = Answer.Misdirected)]
    [TestCase(307, "", ExpectedResult = Answer.Misdirected)]
    [TestCase(500, "", ExpectedResult = Answer.Unavailable)]
    [TestCase(502, "", ExpectedResult = Answer.Unavailable)]
    [TestCase(503, "", ExpectedResult = Answer.Unavailable)]
    [TestCase(504, "", ExpectedResult = Answer.Unavailable)]
    [TestCase(599, "", ExpectedResult = Answer.Unavailable)]
    public Answer The_table(int status, string body)
    {
        var outcome = Of(status, body);
        Assert.That(outcome.Reason, outcome.Answer == Answer.Delivered ? Is.Empty : Is.Not.Empty);
        return outcome.Answer;
    }

    [TestCase(401, "CREDENTIAL_UNKNOWN")]
    [TestCase(403, "CREDENTIAL_FORBIDDEN")]
    [TestCase(404, "DESTINATION_REFUSES_REQUEST")]
    [TestCase(413, "ROW_TOO_LARGE")]
    [TestCase(429, "DESTINATION_THROTTLED")]
    [TestCase(503, "DESTINATION_UNAVAILABLE")]
    public void Reasons_are_words_of_ours_and_never_of_the_body(int status, string reason) =>
        Assert.That(Of(status, """{"message":"Invalid API key: the-key"}""").Reason, Is.EqualTo(reason));

    [Test]
    public void Rejected_objects_are_found_by_their_index()
    {
        var outcome = Of(201, """
            {"attributes_processed":1,"message":"success",
             "errors":[{"index":2,"input_array":"attributes","type":"EMAIL_BAD_FORMAT"},
                       {"index":0,"input_array":"attributes","type":"You must specify only one of 'external_id', 'user_alias' or 'braze_id'"}]}
            """);
        Assert.That(outcome.Answer, Is.EqualTo(Answer.Delivered));
        Assert.That(outcome.Rejections, Is.EquivalentTo(new[] { new RowRejection(2, "EMAIL_INVALID"), new RowRejection(0, "IDENTIFIER_INVALID") }));
    }

    [Test]
    public void An_object_that_is_named_twice_counts_once_by_its_first_error()
    {
        var outcome = Of(201, """{"message":"success","errors":[{"index":1,"type":"EMAIL_BAD_FORMAT"},{"index":1,"type":"EXTERNAL_USER_ID_TOO_LARGE"}]}""");
        Assert.That(outcome.Rejections, Is.EqualTo(new[] { new RowRejection(1, "EMAIL_INVALID") }));
    }

    // Lessons 2.15.
    [TestCase("""{"message":"success","errors":[{"type":"EMAIL_BAD_FORMAT"}]}""", 0)]
    [TestCase("""{"message":"success","errors":[{"index":3,"type":"EMAIL_BAD_FORMAT"}]}""", 0)]
    [TestCase("""{"message":"success","errors":[{"index":-1,"type":"EMAIL_BAD_FORMAT"}]}""", 0)]
    [TestCase("""{"message":"success","errors":[{"index":"0","type":"EMAIL_BAD_FORMAT"}]}""", 0)]
    [TestCase("""{"message":"success","errors":[{"index":0,"input_array":"events","type":"EMAIL_BAD_FORMAT"}]}""", 0)]
    [TestCase("""{"message":"success","errors":["EMAIL_BAD_FORMAT"]}""", 0)]
    [TestCase("""{"message":"success","errors":[{"index":1,"type":"EMAIL_BAD_FORMAT"},{"type":"EMAIL_BAD_FORMAT"}]}""", 1)]
    public void An_error_that_names_no_object_of_ours_leaves_the_others_open(string body, int rejected)
    {
        var outcome = Of(201, body);
        Assert.That((outcome.Answer, outcome.Rejections.Count), Is.EqualTo((Answer.Refused, rejected)));
    }

    [Test]
    public void A_request_of_which_nothing_is_valid_names_every_object()
    {
        var outcome = Of(400, """
            {"message":"Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.",
             "errors":[{"index":0,"input_array":"attributes","type":"EMAIL_BAD_FORMAT"},{"index":1,"input_array":"attributes","type":"EMAIL_BAD_FORMAT"},
                       {"index":2,"input_array":"attributes","type":"EMAIL_BAD_FORMAT"}]}
            """);
        Assert.That(outcome.Rejections.Select(rejection => rejection.Row), Is.EquivalentTo(new[] { 0, 1, 2 }));
    }

    [TestCase("EXTERNAL_USER_ID_TOO_LARGE", "EXTERNAL_ID_TOO_LARGE")]
    [TestCase("'external_id' must be fewer than 988 bytes", "EXTERNAL_ID_TOO_LARGE")]
    [TestCase("BLACKLISTED_EXTERNAL_USER_ID", "EXTERNAL_ID_BLOCKED")]
    [TestCase("The value provided for the 'email' field is not a valid email.", "EMAIL_INVALID")]
    [TestCase("'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required", "IDENTIFIER_INVALID")]
    [TestCase("'email_subscribe' must be 'subscribed', 'unsubscribed', or 'opted_in'", "FIELD_INVALID")]
    [TestCase("BAD_EMAIL_SUBSCRIPTION_STATE", "FIELD_INVALID")]
    [TestCase("INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO", "FIELD_INVALID")]
    [TestCase("something new", "REFUSED_BY_DESTINATION")]
    [TestCase("", "REFUSED_BY_DESTINATION")]
    public void Errors_are_known_by_text_and_by_code(string type, string reason)
    {
        Assert.That(BrazeReasons.Of(type), Is.EqualTo(reason));
        Assert.That(reason == "REFUSED_BY_DESTINATION" || BrazeReasons.Explain(reason).Length > 0, Is.True, "in words as well");
    }

    [Test]
    public void A_body_that_was_not_read_to_its_end_is_not_believed() =>
        Assert.That(BrazeOutcomes.Of(Answered(201, """{"message":"success"}""") with { IsWhole = false }, 3, Now).Answer, Is.EqualTo(Answer.Unknown));

    // Lessons 2.3: stringifying the whole answer for each of its rows made ten times the rows a hundred times slower.
    [Test]
    public void A_large_answer_is_read_once_and_not_once_for_each_row()
    {
        const int Rows = 20_000;
        var errors = string.Join(',', Enumerable.Range(0, Rows).Select(i => $$"""{"index":{{i}},"input_array":"attributes","type":"EMAIL_BAD_FORMAT"}"""));
        var answer = Answered(201, $$"""{"message":"success","errors":[{{errors}}]}""");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(BrazeOutcomes.Of(answer, Rows, Now).Rejections, Has.Count.EqualTo(Rows));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(Rows * 1_000L), "bytes for each row, whatever their number");
    }

    private static BatchOutcome Of(int status, string body) => BrazeOutcomes.Of(Answered(status, body), 3, Now);

    private static BrazeAnswer Answered(int status, string body)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status);
        return new BrazeAnswer((HttpStatusCode)status, response.Headers, Encoding.UTF8.GetBytes(body), true);
    }
}
