namespace CustomerInsights.Destinations.Mapping;

[Parallelizable(ParallelScope.All)]
public sealed class EmailAddressTests
{
    [TestCase("ada@example.com")]
    [TestCase("ada.l+news@sub.shop.example")]
    [TestCase("o'neil@example.com")]
    [TestCase("用户@例子.公司")]
    [TestCase("a@b.c")]
    public void Worth_sending(string address) => Assert.That(EmailAddress.IsValid(address), Is.True);

    [TestCase("")]
    [TestCase("ada")]
    [TestCase("@example.com")]
    [TestCase("ada@")]
    [TestCase("ada@example")]
    [TestCase("ada@@example.com")]
    [TestCase("ada@exam@ple.example")]
    [TestCase("ada lovelace@example.com")]
    [TestCase("ada@exa mple.com")]
    [TestCase(".ada@example.com")]
    [TestCase("ada.@example.com")]
    [TestCase("a..b@example.com")]
    [TestCase("ada@.example.com")]
    [TestCase("ada@example..com")]
    [TestCase("ada@example.com.")]
    [TestCase("ada@-sample.example")]
    [TestCase("ada@sample-.example")]
    [TestCase("Ada <ada@example.com>")]
    [TestCase("ada@example.com,bob@example.com")]
    [TestCase("\"ada\"@example.com")]
    [TestCase("ada@[127.0.0.1]")]
    [TestCase("n/a")]
    public void Not_worth_sending(string address) => Assert.That(EmailAddress.IsValid(address), Is.False);

    [TestCase(64, true)]
    [TestCase(65, false)]
    public void A_local_part_has_at_most_64_characters(int length, bool expected) =>
        Assert.That(EmailAddress.IsValid($"{new string('a', length)}@example.com"), Is.EqualTo(expected));

    [TestCase(254, true)]
    [TestCase(255, false)]
    public void An_address_has_at_most_254_characters(int length, bool expected)
    {
        var labels = string.Join('.', Enumerable.Repeat(new string('b', 60), 4));
        var address = $"{new string('a', length - labels.Length - 1)}@{labels}";
        Assert.That((address.Length, EmailAddress.IsValid(address)), Is.EqualTo((length, expected)));
    }
}
