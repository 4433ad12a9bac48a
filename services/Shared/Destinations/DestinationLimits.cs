namespace CustomerInsights.Destinations;

/// <summary>What a vendor allows.</summary>
/// <param name="RowsPerRequest">Rows of one request at most.</param>
/// <param name="BodyBytes">Bytes of one request body at most.</param>
/// <param name="EnvelopeBytes">Bytes of the body around the rows.</param>
/// <param name="SeparatorBytes">Bytes between two rows.</param>
/// <param name="RequestsInFlight">Requests of one run on their way at the same time; also what a crash repeats at most.</param>
/// <param name="Rate">Requests allowed to the account.</param>
public sealed record DestinationLimits(int RowsPerRequest, int BodyBytes, int EnvelopeBytes, int SeparatorBytes, int RequestsInFlight, RateLimit Rate)
{
    /// <summary>Bytes that one row may have.</summary>
    public int RowBytes => BodyBytes - EnvelopeBytes;
}

/// <summary>At most so many requests in any window of that length.</summary>
public sealed record RateLimit(int Requests, TimeSpan Window);
