using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace CustomerInsights.Workers.Webhook;

/// <summary>What a receiver knows a request of ours by.</summary>
/// <param name="secret">The signing secret of the connection.</param>
/// <param name="run">Resource name of the run.</param>
internal sealed class WebhookSignature(string secret, string run)
{
    private const string DeliveryHeader = "CustomerInsights-Delivery";
    private const string TimestampHeader = "CustomerInsights-Timestamp";
    private const string SignatureHeader = "CustomerInsights-Signature";
    private const string Version = "v1=";
    private const int DeliveryBytes = 16;
    private readonly byte[] _key = Encoding.UTF8.GetBytes(secret);
    private readonly byte[] _run = Encoding.UTF8.GetBytes($"{run}\n");

    public void Write(HttpRequestHeaders headers, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        headers.TryAddWithoutValidation(TimestampHeader, timestamp);
        headers.TryAddWithoutValidation(SignatureHeader, Version + Convert.ToHexStringLower(Hash(Encoding.ASCII.GetBytes($"{timestamp}."), body)));

        // The same lines of the same run are the same delivery, however often they are sent. Keyed, since it may be logged on
        // the way, and a bare hash of a line about one person could be found by guessing.
        headers.TryAddWithoutValidation(DeliveryHeader, Convert.ToHexStringLower(Hash(_run, body).AsSpan(0, DeliveryBytes)));
    }

    private byte[] Hash(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(prefix);
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
