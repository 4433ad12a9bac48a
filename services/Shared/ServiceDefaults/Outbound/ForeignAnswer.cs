using System.Buffers;
using System.Text.Json;

namespace CustomerInsights.ServiceDefaults.Outbound;

/// <summary>Reads what outside services answer, up to a limit only.</summary>
public static class ForeignAnswer
{
    private const int FirstBytes = 512;
    private const int CopiedBytes = 64 * 1024;

    /// <summary>The bytes; null when there are more than so many.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        using var bytes = new RentedBytes(content, maxBytes);
        return await bytes.FillAsync(cancellationToken) ? bytes.Filled.ToArray() : default(ReadOnlyMemory<byte>?);
    }

    /// <summary>Copies the bytes; false when there are more than so many.</summary>
    public static async Task<bool> CopyAsync(HttpContent content, Stream target, long maxBytes, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(CopiedBytes);
        try
        {
            var length = 0L;
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                length += read;
                if (length > maxBytes)
                {
                    return false;
                }

                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The JSON object; null when the answer is none, or longer than so many bytes.</summary>
    public static Task<JsonElement?> ReadJsonAsync(HttpContent content, int maxBytes, CancellationToken cancellationToken) =>
        ReadJsonAsync(content, maxBytes, answer => answer?.Clone(), cancellationToken);

    /// <summary>
    /// What is read out of the JSON object, which is null when the answer is none, or longer than so many bytes. It is gone afterwards: a
    /// large one that is kept is garbage that only a collection of everything takes away.
    /// </summary>
    public static async Task<T> ReadJsonAsync<T>(HttpContent content, int maxBytes, Func<JsonElement?, T> read, CancellationToken cancellationToken)
    {
        using var bytes = new RentedBytes(content, maxBytes);
        using var answer = await bytes.FillAsync(cancellationToken) ? Parse(bytes.Filled) : null;
        return read(answer?.RootElement is { ValueKind: JsonValueKind.Object } root ? root : null);
    }

    /// <summary>The text of a member; null when it is none.</summary>
    public static string? Text(JsonElement of, string name)
    {
        try
        {
            return of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: JSON by its grammar, but no text.
            return null;
        }
    }

    /// <summary>Whether a call failed because the service is out of reach, breaks off, or is too slow; not because the caller has left.</summary>
    public static bool IsMissing(Exception failure, CancellationToken caller) =>
        !caller.IsCancellationRequested && failure is HttpRequestException or IOException or OperationCanceledException;

    private static JsonDocument? Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Bytes of the pool, which are given back.</summary>
    private sealed class RentedBytes(HttpContent content, int maxBytes) : IDisposable
    {
        // One more than may come tells that more has come.
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent((int)Math.Min(content.Headers.ContentLength ?? FirstBytes, maxBytes) + 1);
        private int _length;

        public ReadOnlyMemory<byte> Filled => _bytes.AsMemory(0, _length);

        /// <summary>Reads to the end; false when there is more than may be.</summary>
        public async Task<bool> FillAsync(CancellationToken cancellationToken)
        {
            await using var stream = await content.ReadAsStreamAsync(cancellationToken);
            int read;
            while ((read = await stream.ReadAsync(_bytes.AsMemory(_length), cancellationToken)) > 0)
            {
                _length += read;
                if (_length > maxBytes)
                {
                    return false;
                }

                if (_length == _bytes.Length)
                {
                    Grow();
                }
            }

            return true;
        }

        // Some answers are secrets.
        public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);

        private void Grow()
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(_bytes.Length * 2L, maxBytes + 1L));
            Filled.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
            _bytes = larger;
        }
    }
}
