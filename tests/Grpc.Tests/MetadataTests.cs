using Grpc.Core;

namespace CustomerInsights.Rpc.Tests;

internal sealed class MetadataTests
{
    [Test]
    public void Keys_are_lower_case_and_the_last_value_wins()
    {
        var metadata = new Metadata { { "Key", "1" }, { "KEY", "2" } };

        Assert.That(metadata[0].Key, Is.EqualTo("key"));
        Assert.That(metadata.GetValue("kEy"), Is.EqualTo("2"));
        Assert.That(metadata.GetAll("key").Count(), Is.EqualTo(2));
        Assert.That(metadata.GetValue("other"), Is.Null);
    }

    [TestCase("a b")]
    [TestCase("ä")]
    [TestCase(":path")]
    [TestCase("")]
    public void A_key_with_a_foreign_character_is_refused(string key) => Assert.That(() => new Metadata.Entry(key, "x"), Throws.ArgumentException);

    [TestCase("a\n")]
    [TestCase("ä")]
    [TestCase("\u007f")]
    public void Text_outside_printable_ASCII_is_refused(string value) => Assert.That(() => new Metadata.Entry("a", value), Throws.ArgumentException);

    [Test]
    public void The_suffix_decides_between_text_and_bytes()
    {
        Assert.That(() => new Metadata.Entry("a-bin", "x"), Throws.ArgumentException);
        Assert.That(() => new Metadata.Entry("a", [1]), Throws.ArgumentException);
        Assert.That(new Metadata.Entry("a-BIN", [1]).IsBinary, Is.True);
        Assert.That(() => new Metadata.Entry("a-bin", [1]).Value, Throws.InvalidOperationException);
        Assert.That(new Metadata.Entry("a", "x").ValueBytes, Is.EqualTo("x"u8.ToArray()));
    }

    [Test]
    public void Empty_cannot_be_changed() => Assert.That(() => Metadata.Empty.Add("a", "b"), Throws.InvalidOperationException);
}
