using CustomerInsights.Rpc.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace CustomerInsights.Rpc.Tests.Wire;

internal sealed class GrpcTimeoutTests
{
    [TestCase(-1, "1n")]
    [TestCase(0, "1n")]
    [TestCase(1, "1u")]
    [TestCase(10, "1u")]
    [TestCase(11, "2u")]
    [TestCase(10_000, "1000u")]
    [TestCase(10_000_000L * 99, "99000000u")]
    [TestCase(10_000_000L * 100, "100000m")]
    [TestCase(10_000_000L * 86_400 * 10, "864000S")]
    [TestCase(long.MaxValue, "99999999H")]
    public void Encode_takes_the_finest_unit_that_fits(long ticks, string text) => Assert.That(GrpcTimeout.Encode(new TimeSpan(ticks)), Is.EqualTo(text));

    [TestCase("1n", 1)]
    [TestCase("100n", 1)]
    [TestCase("101n", 2)]
    [TestCase("0S", 0)]
    [TestCase("00000001u", 10)]
    [TestCase("5m", 50_000)]
    [TestCase("5S", 50_000_000)]
    [TestCase("5M", 3_000_000_000)]
    [TestCase("99999999H", 99_999_999L * 36_000_000_000)]
    public void Decode_knows_all_units(string text, long ticks)
    {
        Assert.That(GrpcTimeout.TryDecode(text, out var timeout), Is.True);
        Assert.That(timeout.Ticks, Is.EqualTo(ticks));
    }

    [TestCase("")]
    [TestCase("S")]
    [TestCase("1")]
    [TestCase("-1S")]
    [TestCase("+1S")]
    [TestCase("1s")]
    [TestCase("1.5S")]
    [TestCase("1 S")]
    [TestCase("100000000n")]
    [TestCase("٣S")]
    public void Decode_refuses_what_the_protocol_does_not_allow(string text) => Assert.That(GrpcTimeout.TryDecode(text, out _), Is.False);

    [Test]
    public void A_decoded_timeout_is_never_shorter_and_at_most_a_hundred_thousandth_longer() =>
        Prop.ForAll<NonNegativeInt, NonNegativeInt>((small, shift) =>
        {
            var timeout = new TimeSpan(((long)small.Get * 0x1234567) << (shift.Get % 24));
            return GrpcTimeout.TryDecode(GrpcTimeout.Encode(timeout), out var decoded)
                && decoded >= timeout
                && decoded.Ticks - timeout.Ticks <= Math.Max(10, timeout.Ticks / 100_000);
        }).QuickCheckThrowOnFailure();

    [Test]
    public void A_longer_timeout_is_never_sent_as_a_shorter_one() =>
        Prop.ForAll<NonNegativeInt, NonNegativeInt, NonNegativeInt>((small, more, shift) =>
        {
            var shorter = new TimeSpan((long)small.Get << (shift.Get % 32));
            return Sent(shorter) <= Sent(shorter + new TimeSpan(more.Get));
        }).QuickCheckThrowOnFailure();

    [Test]
    public void What_can_be_decoded_means_the_same_when_it_is_sent_on() =>
        Prop.ForAll<NonNegativeInt, NonNegativeInt>((value, unit) =>
            !GrpcTimeout.TryDecode($"{value.Get % 100_000_000}{"numSMH"[unit.Get % 6]}", out var timeout)
            || (Sent(timeout) >= timeout && Sent(timeout).Ticks - timeout.Ticks <= Math.Max(10, timeout.Ticks / 100_000)))
            .QuickCheckThrowOnFailure();

    [Test]
    public void Decode_never_throws() => Prop.ForAll<string>(text => GrpcTimeout.TryDecode(text, out _) || true).QuickCheckThrowOnFailure();

    private static TimeSpan Sent(TimeSpan timeout) => GrpcTimeout.TryDecode(GrpcTimeout.Encode(timeout), out var sent) ? sent : throw new AssertionException($"{timeout}");
}
