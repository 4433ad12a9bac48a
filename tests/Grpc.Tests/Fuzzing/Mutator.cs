namespace CustomerInsights.Rpc.Tests.Fuzzing;

/// <summary>Makes inputs from valid ones. The same seed makes the same inputs.</summary>
internal sealed class Mutator(byte[][] corpus, int seed)
{
    private const int MaxSize = 4096;
    private const int PoolSize = 256;
    private const int MaxMutations = 6;

    /// <summary>Borders of numbers, and what has a meaning in one of the formats.</summary>
    private static readonly byte[] Special = [0, 1, 2, 0x7f, 0x80, 0xff, .. "%=,;:\n 09nS"u8];

    private readonly Random _random = new(seed);
    private readonly List<byte[]> _pool = [.. corpus];

    public byte[] Next()
    {
        var input = Any();
        for (var mutations = _random.Next(MaxMutations + 1); mutations > 0; mutations--)
        {
            input = Mutate(input);
        }

        // Children of children go deeper than the corpus does.
        if (_random.Next(32) == 0)
        {
            if (_pool.Count < PoolSize)
            {
                _pool.Add(input);
            }
            else
            {
                _pool[corpus.Length + _random.Next(PoolSize - corpus.Length)] = input;
            }
        }

        return input;
    }

    private byte[] Any() => _pool[_random.Next(_pool.Count)];

    private byte[] Mutate(byte[] input)
    {
        var at = _random.Next(input.Length + 1);
        var length = _random.Next(Math.Min(64, input.Length - at) + 1);
        var other = Any();
        return Cut(_random.Next(7) switch
        {
            0 => [.. input[..at], .. input[(at + length)..]],
            1 => [.. input[..at], .. input[at..(at + length)], .. input[at..]],
            2 => [.. input[..at], .. other[Math.Min(at, other.Length)..]],
            3 => [.. input[..at], Special[_random.Next(Special.Length)], .. input[at..]],
            4 => input[..at],
            5 => With(input, at, Special[_random.Next(Special.Length)]),
            _ => With(input, at, (byte)(at < input.Length ? input[at] ^ (1 << _random.Next(8)) : 0)),
        });
    }

    private static byte[] Cut(byte[] input) => input.Length > MaxSize ? input[..MaxSize] : input;

    private static byte[] With(byte[] input, int at, byte value)
    {
        byte[] copy = [.. input];
        if (at < copy.Length)
        {
            copy[at] = value;
        }

        return copy;
    }
}
