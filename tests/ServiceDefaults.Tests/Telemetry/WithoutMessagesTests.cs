using System.Diagnostics;
using System.Globalization;
using CustomerInsights.ServiceDefaults.Telemetry;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Tests.Telemetry;

/// <summary>Messages of exceptions may hold values; neither the console nor a span repeats them.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class WithoutMessagesTests
{
    [Test]
    public void Outline_names_types_causes_and_places_and_no_message()
    {
        var secret = Some.Email();
        Assert.That(
            ExceptionOutline.Of(Throw(secret)),
            Does.StartWith("InvalidOperationException at WithoutMessagesTests.Throw").And.EndsWith("<- FormatException").And.Not.Contain(secret));
    }

    [Test]
    public void Console_line_is_one_line_without_the_message_of_the_exception()
    {
        var secret = Some.Email();
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var entry = new LogEntry<string>(LogLevel.Error, "CustomerInsights.Segments.Refreshing", default, "first\nsecond", Throw(secret), (state, _) => state);

        new SingleLineFormatter(Options.Create(new SingleLineOptions { AppId = "segments" }), new ManualTimeProvider()).Write(entry, null, text);

        Assert.That(text.ToString(), Does.StartWith("2026-01-05T08:00:00.000Z error segments Segments.Refreshing: first | second [InvalidOperationException at "));
        Assert.That(text.ToString(), Does.EndWith("\n").And.Not.Contain(secret));
        Assert.That(text.ToString().Count(c => c == '\n'), Is.EqualTo(1));
    }

    [Test]
    public void Span_with_a_recorded_exception_is_kept_back_and_others_are_not()
    {
        using var failed = new Activity("failed").Start();
        using var fine = new Activity("fine").Start();
        failed.ActivityTraceFlags = fine.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        failed.AddException(new InvalidOperationException(Some.Email()));
        using var processor = new WithoutExceptionEvents();

        processor.OnEnd(failed);
        processor.OnEnd(fine);

        Assert.That((failed.Recorded, fine.Recorded), Is.EqualTo((false, true)));
    }

    private static InvalidOperationException Throw(string message)
    {
        try
        {
            throw new InvalidOperationException(message, new FormatException(message));
        }
        catch (InvalidOperationException exception)
        {
            return exception;
        }
    }
}
