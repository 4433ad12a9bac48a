using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.Braze;

/// <summary>An answer of Braze.</summary>
/// <param name="IsWhole">False when the body was longer than we read.</param>
internal readonly record struct BrazeAnswer(HttpStatusCode Status, HttpResponseHeaders Headers, ReadOnlyMemory<byte> Body, bool IsWhole);

/// <summary>
/// The table from answers to outcomes. Nothing of a body leaves it: Braze repeats the key in a 401, and its texts may
/// repeat values (BRZ-24).
/// </summary>
internal static class BrazeOutcomes
{
    private const string Attributes = "attributes";

    /// <summary>Sent, but no answer came back: it may have been handled. Sending it again is harmless, every value is absolute.</summary>
    public static BatchOutcome Lost { get; } = new(Answer.Unknown) { Reason = Reasons.AnswerLost };

    /// <summary>Nothing was sent.</summary>
    public static BatchOutcome NotReached { get; } = new(Answer.Unavailable) { Reason = Reasons.Unavailable };

    /// <param name="answer">What Braze said.</param>
    /// <param name="sent">Objects of the request.</param>
    /// <param name="now">The time, for resets told in seconds.</param>
    public static BatchOutcome Of(BrazeAnswer answer, int sent, DateTimeOffset now)
    {
        var rate = BrazeRateHeaders.Read(answer.Headers, now);
        return FromStatus(answer, sent) with { RetryAt = rate.RetryAt, Rate = rate.Hint };
    }

    private static BatchOutcome FromStatus(BrazeAnswer answer, int sent) => (int)answer.Status switch
    {
        200 or 201 or 202 => FromBody(answer, sent, Answer.Delivered),
        400 => FromBody(answer, sent, Answer.Refused),
        401 => new BatchOutcome(Answer.Unauthorized) { Reason = Reasons.CredentialUnknown },
        403 => new BatchOutcome(Answer.Unauthorized) { Reason = Reasons.CredentialForbidden },
        408 => Lost,
        413 => new BatchOutcome(Answer.TooLarge) { Reason = Reasons.RowTooLarge },
        429 => new BatchOutcome(Answer.Throttled) { Reason = Reasons.Throttled },
        >= 500 => new BatchOutcome(Answer.Unavailable) { Reason = Reasons.Unavailable },
        _ => new BatchOutcome(Answer.Misdirected) { Reason = Reasons.Misdirected },
    };

    private static BatchOutcome FromBody(BrazeAnswer answer, int sent, Answer rest)
    {
        if (!answer.IsWhole || Parse(answer.Body) is not { } body)
        {
            // Taken, but row by row unknown: only sending it again tells. A refusal needs no body to be one.
            return rest == Answer.Delivered ? Lost : new BatchOutcome(Answer.Refused) { Reason = Reasons.Refused };
        }

        using (body)
        {
            var root = body.RootElement;
            var (rejections, isIncomplete) = ReadErrors(root, sent);
            var isTaken = rest == Answer.Delivered && !isIncomplete && IsTaken(root);
            return new BatchOutcome(isTaken ? Answer.Delivered : Answer.Refused) { Rejections = rejections, Reason = isTaken ? "" : Reasons.Refused };
        }
    }

    // An error that names no object, or none that was sent, leaves open which of the others it means.
    private static (IReadOnlyList<RowRejection> Rejections, bool IsIncomplete) ReadErrors(JsonElement root, int sent)
    {
        if (!root.TryGetProperty("errors", out var errors) || errors.ValueKind != JsonValueKind.Array)
        {
            return ([], false);
        }

        var rejections = new Dictionary<int, RowRejection>();
        var isIncomplete = false;
        foreach (var error in errors.EnumerateArray())
        {
            if (IndexOf(error) is { } index && index >= 0 && index < sent)
            {
                rejections.TryAdd(index, new RowRejection(index, BrazeReasons.Of(ForeignAnswer.Text(error, "type") ?? "")));
            }
            else
            {
                isIncomplete = true;
            }
        }

        return ([.. rejections.Values], isIncomplete);
    }

    private static int? IndexOf(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object
        && error.TryGetProperty("index", out var index) && index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out var value)
        && (ForeignAnswer.Text(error, "input_array") ?? Attributes) == Attributes
            ? value
            : null;

    private static bool IsTaken(JsonElement root) => ForeignAnswer.Text(root, "message") is "success" or "queued";

    private static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
