namespace CustomerInsights.Destinations.Counting;

/// <summary>Every metric that Destinations emits, each with the tag destination; dashboards and alerts refer to these names.</summary>
internal static class DeliveryMetricNames
{
    public const string Meter = "CustomerInsights.Destinations";

    /// <summary>Requests sent; tag answer.</summary>
    public const string Requests = "customerinsights.delivery.requests";

    /// <summary>Seconds from sending a request to its outcome.</summary>
    public const string RequestDuration = "customerinsights.delivery.request.duration";

    /// <summary>Rows in a request.</summary>
    public const string RequestRows = "customerinsights.delivery.request.rows";

    /// <summary>Seconds that a request waited for the allowance of its account.</summary>
    public const string LimitWait = "customerinsights.delivery.limit.wait";

    /// <summary>Members settled; tag class.</summary>
    public const string Rows = "customerinsights.delivery.rows";

    /// <summary>Seconds of one ledger transaction.</summary>
    public const string LedgerCommitDuration = "customerinsights.delivery.ledger.commit.duration";

    /// <summary>Rows of the ledger, counted now and then; tag state.</summary>
    public const string LedgerSize = "customerinsights.delivery.ledger.size";

    /// <summary>Runs ended; tags state, reason.</summary>
    public const string Runs = "customerinsights.delivery.runs";
}
