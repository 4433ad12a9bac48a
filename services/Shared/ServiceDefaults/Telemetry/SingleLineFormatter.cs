using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Telemetry;

/// <summary>Settings of <see cref="SingleLineFormatter"/>.</summary>
internal sealed class SingleLineOptions : ConsoleFormatterOptions
{
    /// <value>Which process, or which service of Standalone, speaks.</value>
    public string AppId { get; set; } = "";
}

/// <summary>One line for each record: time, level, app id, category, text, exception types, trace id. Never an exception's message.</summary>
internal sealed class SingleLineFormatter(IOptions<SingleLineOptions> options, TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "single-line";

    private const string Own = "CustomerInsights.";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var text = logEntry.Formatter(logEntry.State, null);
        textWriter.Write(time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        textWriter.Write($" {Level(logEntry.LogLevel)} {options.Value.AppId} {Category(logEntry.Category)}: {text.ReplaceLineEndings(" | ")}");
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write($" [{ExceptionOutline.Of(exception)}]");
        }

        if (Activity.Current is { } activity)
        {
            textWriter.Write($" trace={activity.TraceId}");
        }

        textWriter.Write('\n');
    }

    private static string Category(string category) => category.StartsWith(Own, StringComparison.Ordinal) ? category[Own.Length..] : category;

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
