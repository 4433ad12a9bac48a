using CustomerInsights.Rpc.Wire;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Rpc.Tests.Wire;

internal sealed class MetadataHeadersTests
{
    [TestCase("q6ur", new byte[] { 0xab, 0xab, 0xab })]
    [TestCase("qw", new byte[] { 0xab })]
    [TestCase("qw==", new byte[] { 0xab })]
    [TestCase("q6s=", new byte[] { 0xab, 0xab })]
    [TestCase("", new byte[0])]
    public void Read_takes_base64_with_and_without_padding(string text, byte[] bytes) =>
        Assert.That(MetadataHeaders.Read(new HeaderDictionary { ["x-bin"] = text }).GetValueBytes("x-bin"), Is.EqualTo(bytes));

    [Test]
    public void Read_splits_joined_binary_values_and_leaves_text_joined()
    {
        var metadata = MetadataHeaders.Read(new HeaderDictionary { ["x-bin"] = "qw, q6s=,q6ur", ["x"] = "a,b" });

        Assert.That(metadata.GetAll("x-bin").Select(entry => entry.ValueBytes.Length), Is.EqualTo([1, 2, 3]));
        Assert.That(metadata.GetValue("x"), Is.EqualTo("a,b"));
    }

    [TestCase("!")]
    [TestCase("a")]
    [TestCase("qw,?")]
    [TestCase("qwqwq")]
    public void Read_refuses_bad_base64(string text) =>
        Assert.That(
            () => MetadataHeaders.Read(new HeaderDictionary { ["x-bin"] = text }),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.Internal));

    [Test]
    public void Read_hides_what_belongs_to_the_protocol()
    {
        var metadata = MetadataHeaders.Read(new HeaderDictionary
        {
            [":path"] = "/", ["TE"] = "trailers", ["Content-Type"] = "application/grpc", ["grpc-timeout"] = "1S", ["grpc-encoding"] = "gzip", ["Dapr-App-Id"] = "segments",
        });

        Assert.That(metadata.Select(entry => (entry.Key, entry.Value)), Is.EqualTo([("dapr-app-id", "segments")]));
    }

    [Test]
    public void Write_keeps_repeated_keys_and_skips_what_belongs_to_the_protocol()
    {
        var headers = new HeaderDictionary();
        MetadataHeaders.Write(new Metadata { { "a", "1" }, { "grpc-status", "0" }, { "a", "2" }, { "content-type", "text/plain" } }, headers);

        Assert.That(headers.Select(header => (header.Key, header.Value.ToArray())), Is.EqualTo([("a", new[] { "1", "2" })]));
    }

    [Test]
    public void Any_bytes_survive_the_round_trip() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            var headers = new HeaderDictionary();
            MetadataHeaders.Write(new Metadata { { "x-bin", bytes }, { "x-bin", bytes } }, headers);
            return MetadataHeaders.Read(headers).GetAll("x-bin").All(entry => entry.ValueBytes.SequenceEqual(bytes))
                && !headers["x-bin"].ToString().Contains('=', StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Binary_values_survive_joining_and_padding() =>
        Prop.ForAll<NonEmptyArray<NonNull<byte[]>>, bool, bool>((values, isPadded, isSpaced) =>
        {
            var texts = values.Get.Select(value => Convert.ToBase64String(value.Get)).Select(text => isPadded ? text : text.TrimEnd('='));
            var metadata = MetadataHeaders.Read(new HeaderDictionary { ["x-bin"] = string.Join(isSpaced ? ", " : ",", texts) });
            return metadata.Count == values.Get.Length && metadata.Zip(values.Get).All(pair => pair.First.ValueBytes.SequenceEqual(pair.Second.Get));
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Any_entries_survive_the_round_trip_in_order() =>
        Prop.ForAll<NonNull<string>[], NonNull<byte[]>[]>((texts, values) =>
        {
            var sent = new Metadata();
            foreach (var text in texts)
            {
                sent.Add("x-text", new string([.. text.Get.Where(c => c is >= ' ' and <= '~')]));
            }

            foreach (var value in values)
            {
                sent.Add("x-bin", value.Get);
            }

            var headers = new HeaderDictionary();
            MetadataHeaders.Write(sent, headers);
            return MetadataHeaders.Read(headers).Select(entry => entry.ToString()).SequenceEqual(sent.Select(entry => entry.ToString()));
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Any_value_is_read_or_refused() =>
        Prop.ForAll<NonNull<string>>(value =>
        {
            try
            {
                return MetadataHeaders.Read(new HeaderDictionary { ["x"] = value.Get, ["x-bin"] = value.Get }).GetValue("x") == value.Get;
            }
            catch (RpcException exception)
            {
                return exception.StatusCode == StatusCode.Internal;
            }
        }).QuickCheckThrowOnFailure();
}
