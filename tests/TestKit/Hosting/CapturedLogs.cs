using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.TestKit.Hosting;

/// <summary>One log record.</summary>
public sealed record CapturedLog(LogLevel Level, string Category, string Event, string Text, Exception? Exception)
{
    public override string ToString() => $"{Level} {Category}/{Event}: {Text}{(Exception is null ? "" : $" [{Exception}]")}";
}

/// <summary>Keeps every log record of the services under test, and tells which errors no test announced.</summary>
public sealed class CapturedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<CapturedLog> _records = new();
    private readonly ConcurrentBag<string> _announced = [];

    public IReadOnlyList<CapturedLog> Records => [.. _records];

    /// <summary>Says that errors may be logged whose text, event or category contains this.</summary>
    public void Announce(string part) => _announced.Add(part);

    /// <summary>Errors that nobody announced.</summary>
    public IReadOnlyList<CapturedLog> Unannounced() =>
        [.. _records.Where(record => record.Level >= LogLevel.Error && !_announced.Any(part => record.ToString().Contains(part, StringComparison.Ordinal)))];

    public ILogger CreateLogger(string categoryName) => new Capture(categoryName, _records);

    public void Dispose()
    {
    }

    private sealed class Capture(string category, ConcurrentQueue<CapturedLog> records) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            records.Enqueue(new CapturedLog(logLevel, category, eventId.Name ?? "", formatter(state, exception), exception));
    }
}
