using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CustomerInsights.Sandbox.Webhook;

/// <summary>Whether a request comes from who knows the secret, and just now.</summary>
internal static class CheckSignature
{
    private const string Version = "v1=";

    public static bool Passes(IHeaderDictionary headers, ReadOnlySpan<byte> body, WebhookSettings settings, DateTimeOffset now)
    {
        var timestamp = headers["CustomerInsights-Timestamp"].ToString();
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || Math.Abs(now.ToUnixTimeSeconds() - seconds) > settings.MaxAgeSeconds)
        {
            return false;
        }

        var signed = (byte[])[.. Encoding.ASCII.GetBytes($"{timestamp}."), .. body];
        var expected = Version + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(settings.Secret), signed));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.UTF8.GetBytes(headers["CustomerInsights-Signature"].ToString()));
    }
}
