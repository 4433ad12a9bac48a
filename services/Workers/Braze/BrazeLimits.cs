using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.Braze;

/// <summary>What Braze documents about /users/track, and what we keep of it.</summary>
internal static class BrazeLimits
{
    /// <summary>Objects of one request, all arrays together (BRZ-20).</summary>
    public const int ObjectsPerRequest = 75;

    /// <summary>Braze answers 413 above 4 MB and does not say which million it means: a little below the smaller one.</summary>
    public const int BodyBytes = 3_900_000;

    /// <summary>An external id may have at most so many bytes in UTF-8.</summary>
    public const int ExternalIdBytes = 987;

    public const int RequestsPerWindow = 3_000;

    public const int RequestsInFlight = 16;

    /// <summary>An answer is a few hundred bytes, with 75 errors a few thousand; more than this is not read.</summary>
    public const int AnswerBytes = (1024 * 1024) - 1;

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    public static DestinationLimits Of(BrazeOptions options) => new(
        options.ObjectsPerRequest,
        BodyBytes,
        BrazeWire.EnvelopeBytes,
        BrazeWire.SeparatorBytes,
        options.RequestsInFlight,
        new RateLimit(options.RequestsPerWindow, options.Window));
}
