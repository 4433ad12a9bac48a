using System.Text.Json;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.ServiceDefaults.Tests.Outbound;

[Parallelizable(ParallelScope.All)]
public sealed class ForeignAnswerTests
{
    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [TestCase(0, true)]
    [TestCase(999, true)]
    [TestCase(1_000, true)]
    [TestCase(1_001, false)]
    [TestCase(5_000, false)]
    public async Task Bytes_are_read_and_copied_up_to_the_limit_whether_or_not_the_length_is_told(int length, bool isWhole)
    {
        var bytes = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        foreach (var isTold in new[] { true, false })
        {
            using var read = ContentOf(bytes, isTold);
            Assert.That((await ForeignAnswer.ReadAsync(read, 1_000, Token))?.ToArray(), isWhole ? Is.EqualTo(bytes) : Is.Null);
            using var copied = ContentOf(bytes, isTold);
            using var target = new MemoryStream();
            Assert.That(await ForeignAnswer.CopyAsync(copied, target, 1_000, Token), Is.EqualTo(isWhole));
            Assert.That(target.ToArray(), isWhole ? Is.EqualTo(bytes) : Has.Length.LessThanOrEqualTo(1_000));
        }
    }

    [TestCase("""{"a":1}""", ExpectedResult = true)]
    [TestCase("[]", ExpectedResult = false)]
    [TestCase("", ExpectedResult = false)]
    [TestCase("""{"a":""", ExpectedResult = false)]
    [TestCase("<html>", ExpectedResult = false)]
    [TestCase("""{"a":"much too long"}""", ExpectedResult = false)]
    public async Task<bool> Only_a_whole_object_is_an_answer(string text)
    {
        using var content = new StringContent(text);
        return await ForeignAnswer.ReadJsonAsync(content, 12, Token) is not null;
    }

    [TestCase("""{"a":"text"}""", ExpectedResult = "text")]
    [TestCase("""{"a":1}""", ExpectedResult = null)]
    [TestCase("""{"b":"text"}""", ExpectedResult = null)]
    [TestCase("""["a"]""", ExpectedResult = null)]
    [TestCase("""{"a":"\ud800"}""", ExpectedResult = null)]
    public string? What_is_no_text_is_none(string json) => ForeignAnswer.Text(JsonSerializer.Deserialize<JsonElement>(json), "a");

    [Test]
    public void A_caller_who_has_left_misses_nothing()
    {
        Assert.That(ForeignAnswer.IsMissing(new OperationCanceledException(), CancellationToken.None), Is.True, "it took too long");
        Assert.That(ForeignAnswer.IsMissing(new HttpRequestException(), CancellationToken.None), Is.True);
        Assert.That(ForeignAnswer.IsMissing(new IOException(), CancellationToken.None), Is.True);
        Assert.That(ForeignAnswer.IsMissing(new InvalidOperationException(), CancellationToken.None), Is.False);
        Assert.That(ForeignAnswer.IsMissing(new OperationCanceledException(), new CancellationToken(canceled: true)), Is.False);
    }

    private static StreamContent ContentOf(byte[] bytes, bool isTold)
    {
        var content = new StreamContent(new MemoryStream(bytes));
        content.Headers.ContentLength = isTold ? bytes.Length : null;
        return content;
    }
}
