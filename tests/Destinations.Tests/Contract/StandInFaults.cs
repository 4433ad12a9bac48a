using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Destinations.Contract;

/// <summary>Faults of requests as a stand-in over HTTP has them, alike for all vendors. Refused rows are each vendor's own.</summary>
public static class StandInFaults
{
    public static FaultRule Of(VendorFaultKind kind) => kind switch
    {
        VendorFaultKind.Unavailable => new FaultRule { Kind = FaultKind.Status, Status = 503 },
        VendorFaultKind.Throttled => new FaultRule { Kind = FaultKind.Status, Status = 429 },
        VendorFaultKind.ThrottledForLong => new FaultRule { Kind = FaultKind.Status, Status = 429, RetryAfterSeconds = 600 },
        VendorFaultKind.RefuseRequest => new FaultRule { Kind = FaultKind.Status, Status = 400 },
        VendorFaultKind.TooLarge => new FaultRule { Kind = FaultKind.Status, Status = 413 },
        VendorFaultKind.DroppedBefore => new FaultRule { Kind = FaultKind.DropBefore },
        VendorFaultKind.DroppedAfter => new FaultRule { Kind = FaultKind.DropAfter },
        VendorFaultKind.Unreadable => new FaultRule { Kind = FaultKind.MalformedBody },
        VendorFaultKind.Unauthorized => new FaultRule { Kind = FaultKind.Status, Status = 401 },
        VendorFaultKind.Forbidden => new FaultRule { Kind = FaultKind.Status, Status = 403 },
        VendorFaultKind.Slow => new FaultRule { Kind = FaultKind.Delay, DelayMilliseconds = 100 },
        VendorFaultKind.Hanging => new FaultRule { Kind = FaultKind.Delay, DelayMilliseconds = 20_000 },
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
