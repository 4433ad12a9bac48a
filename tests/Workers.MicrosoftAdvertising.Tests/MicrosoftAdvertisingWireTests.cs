using System.Text.Json;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

[Parallelizable(ParallelScope.All)]
public sealed class MicrosoftAdvertisingWireTests
{
    [Test]
    public void Audiences_are_read_with_what_is_compared()
    {
        var (audiences, problem) = Read(
            """{"Audiences":[{"Id":"7","Name":"N","Description":null,"MembershipDuration":30},null,{"Id":"","Name":"x"},{"Id":"8"}],"PartialErrors":[{"Code":4835,"Index":1}]}""");
        Assert.That(audiences, Is.EqualTo(new[] { new RemoteAudience("7", "N", "", 30), new RemoteAudience("8", "", "", null) }));
        Assert.That(problem, Is.Null, "one that is not there may be missing");
    }

    // Whatever is not in the answer is made anew: it must not be missing for another reason.
    [TestCase("""{}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"Audiences":null}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"Audiences":{}}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"Audiences":[{"Id":"7,8"}],"PartialErrors":[]}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"Audiences":[{"Id":"-7"}],"PartialErrors":[]}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"Audiences":[{"Id":"12345678901234567890"}],"PartialErrors":[]}""", ExpectedResult = Answer.Unknown)]
    [TestCase("""[]""", ExpectedResult = Answer.Unknown)]
    [TestCase("""{"Audiences":[null],"PartialErrors":[{"Code":0,"Index":0}]}""", ExpectedResult = Answer.Unavailable)]
    [TestCase("""{"Audiences":[null],"PartialErrors":[{"Code":117,"Index":0}]}""", ExpectedResult = Answer.Throttled)]
    [TestCase("""{"Audiences":[null,null],"PartialErrors":[{"Code":8000,"Index":0},{"Code":106,"Index":1}]}""", ExpectedResult = Answer.Misdirected)]
    public Answer? An_answer_that_leaves_open_what_there_is_is_a_problem(string body) => Read(body).Problem?.Answer;

    private static (RemoteAudience[] Audiences, Fault? Problem) Read(string body) => MicrosoftAdvertisingWire.ReadAudiences(JsonSerializer.Deserialize<JsonElement>(body));
}
