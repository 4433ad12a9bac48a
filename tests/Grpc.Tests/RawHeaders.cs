using System.Text;

namespace CustomerInsights.Rpc.Tests;

/// <summary>Header blocks of HTTP/2 without tables or Huffman codes.</summary>
internal static class RawHeaders
{
    private const int StaticTableSize = 61;

    /// <summary>Literal fields that nobody shall remember, with literal names.</summary>
    public static byte[] Encode(params (string Name, string Value)[] headers)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in headers)
        {
            block.WriteByte(0);
            Write(block, name);
            Write(block, value);
        }

        return block.ToArray();
    }

    /// <summary>The fields with literal names; those of the static table are no matter of gRPC, except the HTTP status.</summary>
    public static IReadOnlyDictionary<string, string> Decode(byte[] block)
    {
        var headers = new Dictionary<string, string>();
        var position = 0;
        while (position < block.Length)
        {
            var first = block[position];
            if (first >= 0x80)
            {
                headers[$"static-{ReadNumber(block, ref position, 7)}"] = "";
            }
            else if (first is >= 0x20 and < 0x40)
            {
                ReadNumber(block, ref position, 5);
            }
            else
            {
                var index = ReadNumber(block, ref position, first >= 0x40 ? 6 : 4);
                Assert.That(index, Is.AtMost(StaticTableSize), "We allowed no dynamic table.");
                var name = index == 0 ? ReadText(block, ref position) : $"static-{index}";
                headers[name] = ReadText(block, ref position);
            }
        }

        return headers;
    }

    private static void Write(Stream block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytes.Length < 127)
        {
            block.WriteByte((byte)bytes.Length);
        }
        else
        {
            block.WriteByte(127);
            var rest = bytes.Length - 127;
            for (; rest >= 128; rest >>= 7)
            {
                block.WriteByte((byte)(rest | 128));
            }

            block.WriteByte((byte)rest);
        }

        block.Write(bytes);
    }

    private static string ReadText(byte[] block, ref int position)
    {
        Assert.That(block[position], Is.LessThan(0x80), "Huffman codes aren't read here.");
        var length = ReadNumber(block, ref position, 7);
        position += length;
        return Encoding.Latin1.GetString(block, position - length, length);
    }

    private static int ReadNumber(byte[] block, ref int position, int prefixBits)
    {
        var mask = (1 << prefixBits) - 1;
        var number = block[position++] & mask;
        if (number < mask)
        {
            return number;
        }

        for (var shift = 0; ; shift += 7)
        {
            var next = block[position++];
            number += (next & 127) << shift;
            if (next < 128)
            {
                return number;
            }
        }
    }
}
