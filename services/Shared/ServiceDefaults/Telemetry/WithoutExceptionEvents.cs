using System.Diagnostics;
using OpenTelemetry;

namespace CustomerInsights.ServiceDefaults.Telemetry;

/// <summary>
/// Keeps spans back on which a library recorded an exception with its message, because that may hold values and cannot be
/// taken out. The failure shows on the span around it.
/// </summary>
internal sealed class WithoutExceptionEvents : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (data.Events.Any(e => e.Name == "exception"))
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
