using System.Text.Json;

namespace CustomerInsights.Connections.Verifying;

/// <summary>Reads answers of outside services: JSON objects, up to a limit only.</summary>
internal static class BoundedJson
{
    private const int MaxAnswer = 64 * 1024;

    /// <summary>The object; null when the answer is none, or too long.</summary>
    public static async Task<JsonElement?> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxAnswer + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxAnswer)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The text of a member; null when it is none.</summary>
    public static string? Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Whether the failure of a call means that the service is out of reach, or too slow.</summary>
    public static bool IsOutage(Exception failure) => failure is HttpRequestException or IOException or OperationCanceledException;
}
