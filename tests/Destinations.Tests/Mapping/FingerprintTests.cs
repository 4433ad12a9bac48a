using System.Text;

namespace CustomerInsights.Destinations.Mapping;

[Parallelizable(ParallelScope.All)]
public sealed class FingerprintTests
{
    // Both are stored: a change of the function would send everything again, or miss duplicates.
    [Test]
    public void A_fingerprint_is_the_front_half_of_the_SHA256() =>
        Assert.That(Fingerprint.Of("abc"u8).ToString(), Is.EqualTo("ba7816bf8f01cfea414140de5dae2223"));

    [TestCase("external:c-1", ExpectedResult = -8334909292882933578L)]
    [TestCase("external:Ünïcode", ExpectedResult = 986661153484725641L)]
    public long The_hash_of_a_key_stays_as_it_is(string key) => Fingerprint.OfKey(key);

    [Test]
    public void Keys_of_any_length_are_hashed_alike()
    {
        var keys = Enumerable.Range(0, 2_000).Select(length => new string('k', length)).ToList();
        Assert.That(keys.Select(Fingerprint.OfKey).Distinct().Count(), Is.EqualTo(keys.Count));
    }

    [Test]
    public void A_payload_buffer_grows_and_keeps_what_it_holds()
    {
        var buffer = new PayloadBuffer();
        var text = Encoding.UTF8.GetBytes(new string('x', 1_000));
        for (var i = 0; i < 1_000; i++)
        {
            text.CopyTo(buffer.GetSpan(text.Length));
            buffer.Advance(text.Length);
        }

        Assert.That(buffer.Length, Is.EqualTo(1_000_000));
        Assert.That(buffer.Slice(999_000, 1_000).ToArray(), Is.EqualTo(text));
        buffer.Truncate(500);
        Assert.That(buffer.Length, Is.EqualTo(500));
    }
}
