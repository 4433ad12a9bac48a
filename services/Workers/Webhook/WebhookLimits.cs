using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.Webhook;

/// <summary>What we send at most, to receivers that we know nothing about.</summary>
internal static class WebhookLimits
{
    public const int RowsPerRequest = 500;

    public const int MaxRowsPerRequest = 1_000;

    /// <summary>A little below 1 MiB, above which many web servers answer 413 unless they are told otherwise.</summary>
    public const int BodyBytes = 1_000_000;

    public const int KeyBytes = 1_000;

    public const int UrlLength = 2_000;

    public const int RequestsInFlight = 4;

    public const int RequestsPerWindow = 100;

    /// <summary>With 1,000 rejected lines an answer is well below it; more than this is not read.</summary>
    public const int AnswerBytes = 1024 * 1024;

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    public static DestinationLimits Of(WebhookExport export, WebhookOptions options) => new(
        export.RowsPerRequest is >= 1 and <= MaxRowsPerRequest ? export.RowsPerRequest : RowsPerRequest,
        BodyBytes,
        WebhookWire.EnvelopeBytes,
        WebhookWire.SeparatorBytes,
        options.RequestsInFlight,
        new RateLimit(options.RequestsPerWindow, options.Window));
}
