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
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[(int)Math.Min(content.Headers.ContentLength ?? FirstBytes, maxBytes) + 1];
        var length = 0;
        int read;
        while ((read = await stream.ReadAsync(bytes.AsMemory(length), cancellationToken)) > 0)
        {
            length += read;
            if (length > maxBytes)
            {
                return null;
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, Math.Min(bytes.Length * 2, maxBytes + 1));
            }
        }

        return bytes.AsMemory(0, length);
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
    public static async Task<JsonElement?> ReadJsonAsync(HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        if (await ReadAsync(content, maxBytes, cancellationToken) is not { } bytes)
        {
            return null;
        }

        try
        {
            var answer = JsonSerializer.Deserialize<JsonElement>(bytes.Span);
            return answer.ValueKind == JsonValueKind.Object ? answer : null;
        }
        catch (JsonException)
        {
            return null;
        }
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
}
