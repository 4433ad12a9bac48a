using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Workers.Webhook;

/// <summary>An answer of a receiver.</summary>
/// <param name="Body">Null unless it is said to be JSON; then as far as it was read.</param>
/// <param name="IsWhole">False when the body was longer than we read.</param>
internal readonly record struct WebhookAnswer(HttpStatusCode Status, HttpResponseHeaders Headers, ReadOnlyMemory<byte>? Body, bool IsWhole);

/// <summary>The table from answers to outcomes. Nothing of a body leaves it but line numbers: its texts may repeat values.</summary>
internal static class WebhookOutcomes
{
    /// <summary>No count of seconds above this is believed.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    /// <summary>Sent, but no answer came back: it may have been handled. Sending it again is harmless, every line is absolute.</summary>
    public static BatchOutcome Lost { get; } = new(Answer.Unknown) { Reason = Reasons.AnswerLost };

    /// <summary>Nothing was sent.</summary>
    public static BatchOutcome NotReached { get; } = new(Answer.Unavailable) { Reason = Reasons.Unavailable };

    /// <param name="answer">What the receiver said.</param>
    /// <param name="sent">Lines of the request.</param>
    /// <param name="now">The time, for pauses told in seconds.</param>
    public static BatchOutcome Of(WebhookAnswer answer, int sent, DateTimeOffset now) =>
        FromStatus(answer, sent) with { RetryAt = RetryAt(answer.Headers, now) };

    private static BatchOutcome FromStatus(WebhookAnswer answer, int sent) => (int)answer.Status switch
    {
        >= 200 and < 300 => FromBody(answer, sent, isTaken: true),
        400 or 422 => FromBody(answer, sent, isTaken: false),
        401 => new BatchOutcome(Answer.Unauthorized) { Reason = Reasons.CredentialUnknown },
        403 => new BatchOutcome(Answer.Unauthorized) { Reason = Reasons.CredentialForbidden },
        408 => Lost,
        413 => new BatchOutcome(Answer.TooLarge) { Reason = Reasons.RowTooLarge },
        429 => new BatchOutcome(Answer.Throttled) { Reason = Reasons.Throttled },
        >= 500 => new BatchOutcome(Answer.Unavailable) { Reason = Reasons.Unavailable },
        _ => new BatchOutcome(Answer.Misdirected) { Reason = Reasons.Misdirected },
    };

    private static BatchOutcome FromBody(WebhookAnswer answer, int sent, bool isTaken)
    {
        if (answer is { IsWhole: true, Body: null or { Length: 0 } })
        {
            return isTaken ? BatchOutcome.AllDelivered : Refused([]);
        }

        if (answer is not { IsWhole: true, Body: { } body } || TryReadRejected(body, sent) is not var (rejections, isComplete))
        {
            // Taken, but line by line unknown: only sending it again tells. A refusal needs no body to be one.
            return isTaken ? Lost : Refused([]);
        }

        return isTaken && isComplete ? BatchOutcome.AllDelivered with { Rejections = rejections } : Refused(rejections);
    }

    private static BatchOutcome Refused(IReadOnlyList<RowRejection> rejections) => new(Answer.Refused) { Rejections = rejections, Reason = Reasons.Refused };

    private static (IReadOnlyList<RowRejection> Rejections, bool IsComplete)? TryReadRejected(ReadOnlyMemory<byte> body, int sent)
    {
        try
        {
            return ReadRejected(body, sent);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // The latter for half a surrogate pair: JSON by its grammar, but no text.
            return null;
        }
    }

    // An entry that names no line, or none that was sent, leaves open which of the others it means. Null when it is no answer
    // as we described it.
    private static (IReadOnlyList<RowRejection> Rejections, bool IsComplete)? ReadRejected(ReadOnlyMemory<byte> body, int sent)
    {
        using var document = JsonDocument.Parse(body);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (!document.RootElement.TryGetProperty("rejected", out var rejected))
        {
            return ([], true);
        }

        if (rejected.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var rejections = new Dictionary<int, RowRejection>();
        var isComplete = true;
        foreach (var entry in rejected.EnumerateArray())
        {
            if (LineOf(entry) is { } line && line >= 0 && line < sent)
            {
                rejections.TryAdd(line, new RowRejection(line, WebhookReasons.Of(ReasonOf(entry))));
            }
            else
            {
                isComplete = false;
            }
        }

        return ([.. rejections.Values], isComplete);
    }

    private static int? LineOf(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("line", out var line) && line.ValueKind == JsonValueKind.Number && line.TryGetInt32(out var value)
            ? value
            : null;

    private static string? ReasonOf(JsonElement entry) =>
        entry.TryGetProperty("reason", out var reason) && reason.ValueKind == JsonValueKind.String ? reason.GetString() : null;

    private static DateTimeOffset? RetryAt(HttpResponseHeaders headers, DateTimeOffset now) => headers.RetryAfter switch
    {
        { Delta: { } delta } when delta <= LongestPause => now + delta,
        { Date: { } date } when date - (headers.Date ?? now) is var left && left >= TimeSpan.Zero && left <= LongestPause => now + left,
        _ => null,
    };
}
