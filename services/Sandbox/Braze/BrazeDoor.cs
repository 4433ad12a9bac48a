using System.Globalization;
using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Braze.Tracking;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>
/// The door of the stand-in: finds the route, checks the key, injects faults, keeps the journal. Everything a client
/// may hold against a server happens here.
/// </summary>
internal sealed class BrazeDoor(BrazeSandbox sandbox)
{
    private const int DefaultMaxBody = 4_000_000;
    private const string Bearer = "Bearer ";
    private const string Json = "application/json";

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "/";
        var route = BrazeRoutes.Find(request.Method, path);
        var presented = KeyOf(request);
        var key = sandbox.Find(presented);
        var workspace = sandbox.Workspace(key?.Workspace ?? BrazeSandbox.MainWorkspace);
        using var body = await RequestBody.ReadAsync(request, route?.MaxBody ?? DefaultMaxBody, context.RequestAborted);

        var decision = workspace.Faults.Decide(path, body.Bytes.Span);
        if (decision.Delay > TimeSpan.Zero)
        {
            await Task.Delay(decision.Delay, sandbox.Time, context.RequestAborted);
        }

        var now = sandbox.Time.GetUtcNow();
        var call = new BrazeCall(workspace, request.Query, body.Bytes, now)
        {
            Rejections = decision.Rejections,
            FilesAddress = $"{request.Scheme}://{request.Host}{ExportUsersBySegment.FilesPath}/{Uri.EscapeDataString(workspace.Name)}",
        };
        var standing = key is null || route is null ? null : workspace.Take(route.Limit, now);
        var answer = IsRefusedBeforehand(decision.Ending) ? default
            : Refuse(request, route, key, presented, body.IsTooLarge) ?? (standing is { Allowed: false } ? RateLimited() : route!.Handle(call));
        if (decision.Ending is { Kind: FaultKind.Status } injected)
        {
            answer = BrazeAnswers.Message(injected.Status, Text(injected.Status));
            standing = injected.Status == StatusCodes.Status429TooManyRequests ? Exhausted(injected, now) : standing;
        }

        var answered = decision.Ending?.Kind is not (FaultKind.DropBefore or FaultKind.DropAfter);
        Record(call, request.Method, path, answered ? answer.Status : 0, decision);
        RateHeaders.Write(context.Response.Headers, workspace.Settings.LimitDialect, standing, answer.Status);
        await FaultyAnswer.WriteAsync(context, answer, decision.Ending, sandbox.Time);
    }

    private static bool IsRefusedBeforehand(FaultRule? ending) => ending is { Kind: FaultKind.DropBefore } or { Kind: FaultKind.Status, Commit: false };

    private static VendorAnswer? Refuse(HttpRequest request, BrazeRoute? route, BrazeKey? key, string presented, bool isTooLarge)
    {
        if (route is null)
        {
            return BrazeAnswers.Message(StatusCodes.Status404NotFound, BrazeMessages.InvalidUrl);
        }

        if (key is null)
        {
            return BrazeAnswers.Message(StatusCodes.Status401Unauthorized, BrazeMessages.InvalidKey + presented);
        }

        if (!key.Permissions.Contains(route.Permission))
        {
            return BrazeAnswers.Message(StatusCodes.Status403Forbidden, BrazeMessages.AccessDenied);
        }

        if (isTooLarge)
        {
            return BrazeAnswers.Message(StatusCodes.Status413PayloadTooLarge, BrazeMessages.BodyTooLarge);
        }

        return HttpMethods.IsGet(request.Method) || IsJson(request.ContentType) ? null
            : BrazeAnswers.Message(StatusCodes.Status415UnsupportedMediaType, BrazeMessages.ContentTypeWrong);
    }

    private static bool IsJson(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(Json, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == Json.Length || contentType[Json.Length] is ';' or ' ');

    private static string KeyOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Bearer, StringComparison.Ordinal) ? header[Bearer.Length..] : "";
    }

    private static VendorAnswer RateLimited() => BrazeAnswers.Message(StatusCodes.Status429TooManyRequests, BrazeMessages.RateLimited);

    private static RateStanding Exhausted(FaultRule rule, DateTimeOffset now) =>
        new(Allowed: false, Limit: 1, Remaining: 0, now.AddSeconds(rule.RetryAfterSeconds).ToUnixTimeSeconds(), rule.RetryAfterSeconds);

    private static string Text(int status) =>
        status == StatusCodes.Status429TooManyRequests ? BrazeMessages.RateLimited : string.Create(CultureInfo.InvariantCulture, $"Injected {status}");

    private static void Record(BrazeCall call, string method, string path, int status, FaultDecision decision)
    {
        var workspace = call.Workspace;
        workspace.Counters.Request(status, answered: status != 0);
        workspace.Journal.Add(new BrazeJournalEntry(call.Now, method, path, status)
        {
            Attributes = call.Attributes,
            Events = call.Events,
            Purchases = call.Purchases,
            Rejected = call.Rejected,
            Bytes = call.Body.Length,
            Committed = call.Committed,
            Answered = status != 0,
            Fault = decision.Ending?.Id ?? (decision.Rejections.Count > 0 ? decision.Rejections[0].RuleId : null),
            Subjects = call.Subjects,
            Body = workspace.Settings.Journal == JournalMode.Bodies ? call.Body.ToArray() : null,
        });
    }
}
