using OpenTelemetry;
using OpenTelemetry.Logs;

namespace CustomerInsights.ServiceDefaults.Telemetry;

/// <summary>Replaces the exception of a log record by its outline, because a message may hold values.</summary>
internal sealed class WithoutExceptionMessages : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        if (data.Exception is not { } exception)
        {
            return;
        }

        data.Attributes = [.. data.Attributes ?? [], new KeyValuePair<string, object?>("exception.outline", ExceptionOutline.Of(exception))];
        data.Exception = null;
    }
}
