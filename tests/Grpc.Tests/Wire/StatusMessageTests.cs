using CustomerInsights.Rpc.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace CustomerInsights.Rpc.Tests.Wire;

internal sealed class StatusMessageTests
{
    [TestCase("", "")]
    [TestCase("plain text, as it is", "plain text, as it is")]
    [TestCase("100 %", "100 %25")]
    [TestCase("\t\n", "%09%0A")]
    [TestCase(" ends ", "%20ends%20")]
    [TestCase(" ", "%20")]
    [TestCase("ä€😈", "%C3%A4%E2%82%AC%F0%9F%98%88")]
    public void Encode_escapes_all_but_printable_ASCII(string message, string encoded) => Assert.That(StatusMessage.Encode(message), Is.EqualTo(encoded));

    [TestCase("%", "%")]
    [TestCase("50% off", "50% off")]
    [TestCase("%4", "%4")]
    [TestCase("%zz%41", "%zzA")]
    [TestCase("%FF", "%FF")]
    public void Decode_passes_bad_escapes_through(string encoded, string message) => Assert.That(StatusMessage.Decode(encoded), Is.EqualTo(message));

    [Test]
    public void A_long_message_is_cut() => Assert.That(StatusMessage.Encode(new string('a', 100_000)), Has.Length.EqualTo(StatusMessage.MaxCharacters));

    [Test]
    public void Any_text_survives_the_round_trip() =>
        Prop.ForAll<string?>(text =>
        {
            var message = Sound(text ?? "");
            var encoded = StatusMessage.Encode(message);
            return encoded.All(c => c is >= ' ' and <= '~') && StatusMessage.Decode(encoded) == message;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Decode_never_throws() => Prop.ForAll<string?>(text => StatusMessage.Decode(text ?? "") is not null).QuickCheckThrowOnFailure();

    /// <summary>Without the halves of characters that no UTF-8 can carry.</summary>
    private static string Sound(string text) => new([.. text.Where(c => !char.IsSurrogate(c))]);
}
