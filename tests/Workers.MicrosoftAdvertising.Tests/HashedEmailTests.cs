namespace CustomerInsights.Workers.MicrosoftAdvertising;

[Parallelizable(ParallelScope.All)]
public sealed class HashedEmailTests
{
    // Lessons 2.10 and D-10: the vector of the documentation, in every spelling that means the same address.
    [TestCase("test@contoso.com")]
    [TestCase("  Test@Contoso.COM\t")]
    [TestCase("TEST@CONTOSO.COM\r\n")]
    public void An_address_is_trimmed_and_lower_cased_before_it_is_hashed(string address) =>
        Assert.That(HashedEmail.Of(address), Is.EqualTo("f25ad364d33972379a7a4f4df33db142205f5c40eb19cfdb2fc5aaf117e10101"));

    [TestCase("t.est@contoso.com")]
    [TestCase("test+news@contoso.com")]
    public void Dots_and_tags_stay(string address) => Assert.That(HashedEmail.Of(address), Is.Not.EqualTo(HashedEmail.Of("test@contoso.com")));

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
