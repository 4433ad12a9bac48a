using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>What Microsoft Advertising documents, and what we keep of it.</summary>
internal static class MicrosoftAdvertisingLimits
{
    /// <summary>Items of one Apply call (MSA-22, https://learn.microsoft.com/advertising/campaign-management-service/applycustomerlistuserdata).</summary>
    public const int ItemsPerRequest = 1_000;

    /// <summary>Rows of one file (MSA-23, https://learn.microsoft.com/advertising/guides/bulk-download-upload).</summary>
    public const long RowsPerFile = 4_000_000;

    /// <summary>Bytes of one file (MSA-23).</summary>
    public const long FileBytes = 100_000_000;

    /// <summary>Characters of the name of an audience (MSA-20).</summary>
    public const int NameLength = 128;

    /// <summary>Days of a membership at most (MSA-26).</summary>
    public const int LongestMembership = 390;

    /// <summary>Days of a membership that nobody has set.</summary>
    public const int DefaultMembership = 30;

    /// <summary>Of a membership that never ends.</summary>
    public const int EndlessMembership = -1;

    /// <summary>An answer has at most 1,000 errors of a few hundred bytes, a list of all audiences perhaps some thousand; more is not read.</summary>
    public const int AnswerBytes = 16 * 1024 * 1024;

    /// <summary>A refused row comes back with an error row, both with hundreds of mostly empty columns.</summary>
    public const long ResultBytesPerRow = 8 * 1024;

    /// <summary>How long calls of a customer stay refused after too many of them (error 117).</summary>
    public static readonly TimeSpan RateWait = TimeSpan.FromMinutes(1);

    /// <summary>How long no further file is taken after too many of them (error 4204).</summary>
    public static readonly TimeSpan FileRateWait = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static DestinationLimits Of(MicrosoftAdvertisingOptions options) => new(
        options.ItemsPerRequest,
        int.MaxValue,
        0,
        0,
        options.RequestsInFlight,
        new RateLimit(options.RequestsPerMinute, Window));
}
