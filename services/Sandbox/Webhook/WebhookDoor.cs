using System.Text;
using System.Text.Json.Nodes;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Webhook;

/// <summary>The door of the stand-in: checks the signature, injects faults, applies lines, keeps the journal.</summary>
internal sealed class WebhookDoor(WebhookSandbox sandbox)
{
    private const int MaxBody = 1024 * 1024;
    private const string LinesOfJson = "application/x-ndjson";
    private static readonly VendorAnswer Silence = new(0, default);

    public async Task HandleAsync(HttpContext context)
    {
        var receiver = sandbox.Receiver((string)context.Request.RouteValues["receiver"]!);
        using var body = await RequestBody.ReadAsync(context.Request, MaxBody, context.RequestAborted);
        var decision = receiver.Faults.Decide(context.Request.Path, body.Bytes.Span);
        if (decision.Delay > TimeSpan.Zero)
        {
            await Task.Delay(decision.Delay, sandbox.Time, context.RequestAborted);
        }

        var now = sandbox.Time.GetUtcNow();
        var entry = new WebhookJournalEntry(0, now, 0, context.Request.Headers["CustomerInsights-Delivery"].ToString(), 0, 0, false, FaultOf(decision), Encoding.UTF8.GetString(body.Bytes.Span));
        var answer = IsRefusedBeforehand(decision.Ending) ? Silence : Refuse(context.Request, receiver, body, now) ?? Take(receiver, body, decision, ref entry);
        if (decision.Ending is { Kind: FaultKind.Status } injected)
        {
            answer = Message(injected.Status, "Injected.");
            if (injected.Status == StatusCodes.Status429TooManyRequests)
            {
                context.Response.Headers.RetryAfter = $"{injected.RetryAfterSeconds}";
            }
        }

        receiver.Record(entry with { Status = decision.Ending?.Kind is FaultKind.DropBefore or FaultKind.DropAfter ? 0 : answer.Status });
        await FaultyAnswer.WriteAsync(context, answer, decision.Ending, sandbox.Time);
    }

    private static bool IsRefusedBeforehand(FaultRule? ending) => ending is { Kind: FaultKind.DropBefore } or { Kind: FaultKind.Status, Commit: false };

    private static int? FaultOf(FaultDecision decision) => decision.Ending?.Id ?? (decision.Rejections.Count > 0 ? decision.Rejections[0].RuleId : null);

    private static VendorAnswer? Refuse(HttpRequest request, WebhookReceiver receiver, RequestBody body, DateTimeOffset now)
    {
        if (!HttpMethods.IsPost(request.Method))
        {
            return Message(StatusCodes.Status405MethodNotAllowed, "Post lines of JSON.");
        }

        if (body.IsTooLarge)
        {
            return Message(StatusCodes.Status413PayloadTooLarge, "The body is too large.");
        }

        if (!CheckSignature.Passes(request.Headers, body.Bytes.Span, receiver.Settings, now))
        {
            return Message(StatusCodes.Status401Unauthorized, "The signature is wrong, or too old.");
        }

        return body.Bytes.IsEmpty || request.ContentType == LinesOfJson ? null : Message(StatusCodes.Status415UnsupportedMediaType, $"The body must be {LinesOfJson}.");
    }

    private static VendorAnswer Take(WebhookReceiver receiver, RequestBody body, FaultDecision decision, ref WebhookJournalEntry entry)
    {
        var lines = WebhookLine.Read(body.Bytes.Span);
        var rejected = new JsonArray();
        var taken = new List<WebhookLine>();
        foreach (var (index, line) in lines.Index())
        {
            if (line is null)
            {
                rejected.Add(new JsonObject { ["line"] = index, ["reason"] = "field_invalid" });
            }
            else if (decision.Rejections.FirstOrDefault(fault => fault.Names(Encoding.UTF8.GetBytes(line.Key)))?.Rule is { } rule)
            {
                rejected.Add(rule.Indexed ? new JsonObject { ["line"] = index, ["reason"] = rule.Reason } : new JsonObject { ["reason"] = rule.Reason });
            }
            else
            {
                taken.Add(line);
            }
        }

        receiver.Apply(taken);
        entry = entry with { Lines = lines.Count, Rejected = rejected.Count, Committed = true };
        return Json(StatusCodes.Status200OK, new JsonObject { ["rejected"] = rejected });
    }

    private static VendorAnswer Message(int status, string message) => Json(status, new JsonObject { ["message"] = message });

    private static VendorAnswer Json(int status, JsonObject body) => new(status, Encoding.UTF8.GetBytes(body.ToJsonString()));
}
