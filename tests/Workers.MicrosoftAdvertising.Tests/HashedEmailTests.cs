namespace CustomerInsights.Workers.MicrosoftAdvertising;

[Parallelizable(ParallelScope.All)]
public sealed class HashedEmailTests
{
    // The domain of the documentation's test vector (D-10).
    private const string Domain = "contoso.com";

    // Lessons 2.10: every spelling that means the same address.
    [TestCase($"test@{Domain}")]
    [TestCase($"  Test@{Domain}\t")]
    [TestCase($"TEST@{Domain}\r\n")]
    public void An_address_is_trimmed_and_lower_cased_before_it_is_hashed(string address)
    {
        const string Vector = "f25ad364d33972379a7a4f4df33db142205f5c40eb19cfdb2fc5aaf117e10101";
        Assert.That(HashedEmail.Of(address), Is.EqualTo(Vector));
        Assert.That(HashedEmail.Of(address.ToUpperInvariant()), Is.EqualTo(Vector));
    }

    [TestCase($"t.est@{Domain}")]
    [TestCase($"test+news@{Domain}")]
    public void Dots_and_tags_stay(string address) => Assert.That(HashedEmail.Of(address), Is.Not.EqualTo(HashedEmail.Of($"test@{Domain}")));

    [Test]
    public void Letters_of_all_languages_are_hashed_as_utf_8() =>
        Assert.That(HashedEmail.Of("\u00c4NNA@example.com"), Is.EqualTo(HashedEmail.Of("\u00e4nna@example.com")));

    [Test]
    public void The_longest_address_is_hashed()
    {
        var address = new string('\u20ac', 242) + "@example.com";
        Assert.That(HashedEmail.Of(address), Has.Length.EqualTo(HashedEmail.Length).And.Match("^[0-9a-f]+$"));
    }
}
