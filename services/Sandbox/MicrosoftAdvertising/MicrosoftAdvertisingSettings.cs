using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>How the stand-in behaves. Defaults are what the vendor documents, as far as it does.</summary>
public sealed record MicrosoftAdvertisingSettings
{
    /// <summary>Ids keeps the accepted hashes, Bodies also the JSON bodies; never an uploaded file, never a token.</summary>
    public JournalMode Journal { get; init; } = JournalMode.Counts;

    /// <summary>A refresh token dies when it is used, not when its successor is.</summary>
    public bool StrictRotation { get; init; }

    public int AccessTokenSeconds { get; init; } = 3_600;

    public int RefreshTokenDays { get; init; } = 90;

    /// <summary>
    /// Error text with which consent fails although the user accepts, such as "AADSTS650052: ..."; null to let it succeed.
    /// </summary>
    public string? ConsentError { get; init; }

    /// <summary>False answers PUT for a customer list with a partial error, as the page of the operation has it.</summary>
    public bool UpdatesCustomerLists { get; init; } = true;

    /// <summary>Tells 8003 as a partial error of every item with status 200, not as a fault.</summary>
    public bool TermsAsPartialErrors { get; init; }

    /// <summary>How long an uploaded file is worked on; 0 has it done at once.</summary>
    public int ProcessingMillisecondsPerThousandRows { get; init; }

    /// <summary>Rows of a file, without header and format version; 20,000 in the vendor's sandbox.</summary>
    public int MaxRows { get; init; } = 4_000_000;

    /// <summary>Uploads of one customer that may be received or worked on at once; above it 3227.</summary>
    public int MaxUploadsAtOnce { get; init; } = 5;

    /// <summary>Calls of one customer in any 60 seconds; above it 117. Null for no limit.</summary>
    public int? CallsPerMinute { get; init; }

    /// <summary>Upload addresses of one account in any 15 minutes; above it 4204. Null for no limit.</summary>
    public int? UploadsPerQuarterHour { get; init; }

    /// <summary>Hours that a list must have rested before its sizes are told.</summary>
    public int SizeDelayHours { get; init; } = 48;

    internal IEnumerable<string> Problems()
    {
        if (AccessTokenSeconds < 1 || RefreshTokenDays < 1 || MaxRows < 1 || MaxUploadsAtOnce < 1 || CallsPerMinute < 1 || UploadsPerQuarterHour < 1)
        {
            yield return "access_token_seconds, refresh_token_days, max_rows, max_uploads_at_once, calls_per_minute and uploads_per_quarter_hour must be 1 or more.";
        }

        if (ProcessingMillisecondsPerThousandRows < 0 || SizeDelayHours < 0)
        {
            yield return "processing_milliseconds_per_thousand_rows and size_delay_hours must be 0 or more.";
        }
    }
}
