using System.Net;
using System.Text;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Workers.Webhook;

[Parallelizable(ParallelScope.All)]
public sealed class WebhookOutcomesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    [TestCase(200, """{"rejected":[]}""", ExpectedResult = Answer.Delivered)]
    [TestCase(200, """{"thanks":true}""", ExpectedResult = Answer.Delivered)]
    [TestCase(200, "", ExpectedResult = Answer.Delivered)]
    [TestCase(202, null, ExpectedResult = Answer.Delivered)]
    [TestCase(204, null, ExpectedResult = Answer.Delivered)]
    [TestCase(200, """{"rejected":[""", ExpectedResult = Answer.Unknown)]
    [TestCase(200, """{"rejected":5}""", ExpectedResult = Answer.Unknown)]
    [TestCase(200, "[]", ExpectedResult = Answer.Unknown)]
    [TestCase(200, "ok", ExpectedResult = Answer.Unknown)]
    [TestCase(301, null, ExpectedResult = Answer.Misdirected)]
    [TestCase(307, null, ExpectedResult = Answer.Misdirected)]
    [TestCase(400, null, ExpectedResult = Answer.Refused)]
    [TestCase(400, "<html>", ExpectedResult = Answer.Refused)]
    [TestCase(401, null, ExpectedResult = Answer.Unauthorized)]
    [TestCase(403, null, ExpectedResult = Answer.Unauthorized)]
    [TestCase(404, null, ExpectedResult = Answer.Misdirected)]
    [TestCase(408, null, ExpectedResult = Answer.Unknown)]
    [TestCase(410, null, ExpectedResult = Answer.Misdirected)]
    [TestCase(413, null, ExpectedResult = Answer.TooLarge)]
    [TestCase(415, null, ExpectedResult = Answer.Misdirected)]
    [TestCase(422, null, ExpectedResult = Answer.Refused)]
    [TestCase(429, null, ExpectedResult = Answer.Throttled)]
    [TestCase(500, null, ExpectedResult = Answer.Unavailable)]
    [TestCase(503, null, ExpectedResult = Answer.Unavailable)]
    public Answer The_table(int status, string? json)
    {
        var outcome = Of(status, json);
        Assert.That(outcome.Reason, outcome.Answer == Answer.Delivered ? Is.Empty : Is.Not.Empty);
        return outcome.Answer;
    }

    [Test]
    public void Rejected_lines_are_found_by_their_number_and_their_reasons_are_words_of_ours()
    {
        var outcome = Of(200, """{"rejected":[{"line":2,"reason":"key_unknown"},{"line":0,"reason":"ada@example.com is not welcome"},{"line":1},{"line":2,"reason":"blocked"}]}""");
        Assert.That(outcome.Answer, Is.EqualTo(Answer.Delivered));
        Assert.That(outcome.Rejections, Is.EquivalentTo(new RowRejection[] { new(0, "REFUSED_BY_DESTINATION"), new(1, "REFUSED_BY_DESTINATION"), new(2, "KEY_UNKNOWN") }));
    }

    [TestCase("""{"rejected":[{"line":1},{"line":3}]}""")]
    [TestCase("""{"rejected":[{"line":1},{"line":-1}]}""")]
    [TestCase("""{"rejected":[{"line":1},{"line":"0"}]}""")]
    [TestCase("""{"rejected":[{"line":1},{"line":0.5}]}""")]
    [TestCase("""{"rejected":[{"line":1},{"reason":"blocked"}]}""")]
    [TestCase("""{"rejected":[{"line":1},"blocked"]}""")]
    public void An_entry_that_names_no_line_of_the_request_leaves_the_others_open(string body)
    {
        var outcome = Of(200, body);
        Assert.That((outcome.Answer, outcome.Rejections.Single().Row), Is.EqualTo((Answer.Refused, 1)));
    }

    [Test]
    public void A_refusal_may_name_lines_as_well()
    {
        var outcome = Of(400, """{"rejected":[{"line":0,"reason":"FIELD_INVALID"}]}""");
        Assert.That((outcome.Answer, outcome.Rejections.Single()), Is.EqualTo((Answer.Refused, new RowRejection(0, "FIELD_INVALID"))));
    }

    // Half a surrogate pair: JSON by its grammar, but no text.
    [TestCase("""{"rejected":[{"line":0,"reason":"\ud800"}]}""")]
    [TestCase("""{"rejected":[{"line":0,"\ud800":1}]}""")]
    public void Text_that_is_none_is_an_answer_that_cannot_be_read(string body) =>
        Assert.That((Of(200, body).Answer, Of(400, body).Answer), Is.EqualTo((Answer.Unknown, Answer.Refused)));

    [Test]
    public void An_answer_without_end_says_nothing_of_lines()
    {
        Assert.That(Of(200, """{"rejected":[]}""", isWhole: false).Answer, Is.EqualTo(Answer.Unknown));
        Assert.That(Of(400, """{"rejected":[]}""", isWhole: false).Answer, Is.EqualTo(Answer.Refused));
    }

    [TestCase("120", 120)]
    [TestCase("0", 0)]
    [TestCase("86401", null)]
    [TestCase("-5", null)]
    [TestCase("soon", null)]
    [TestCase("Mon, 05 Jan 2026 08:02:00 GMT", 120)]
    [TestCase("Mon, 05 Jan 2026 07:58:00 GMT", null)]
    public void A_pause_is_followed_up_to_a_day(string retryAfter, int? seconds) =>
        Assert.That(Of(429, null, retryAfter: retryAfter).RetryAt, Is.EqualTo(seconds is { } wait ? Now.AddSeconds(wait) : (DateTimeOffset?)null));

    private static BatchOutcome Of(int status, string? json, bool isWhole = true, string? retryAfter = null)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        if (retryAfter is not null)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        ReadOnlyMemory<byte>? body = json is null ? null : Encoding.UTF8.GetBytes(json);
        return WebhookOutcomes.Of(new WebhookAnswer(response.StatusCode, response.Headers, body, isWhole), sent: 3, Now);
    }
}
