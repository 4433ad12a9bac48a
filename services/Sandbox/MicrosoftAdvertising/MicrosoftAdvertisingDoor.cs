using System.Globalization;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>
/// The door of the stand-in: finds the operation, checks the caller, injects faults, keeps the journal. Everything a client
/// may hold against a server happens here.
/// </summary>
internal sealed class MicrosoftAdvertisingDoor(MicrosoftAdvertisingSandbox sandbox)
{
    private const int DefaultMaxBody = 4_000_000;

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "/";
        sandbox.Settle();
        var (route, tail) = MicrosoftAdvertisingRoutes.Find(request.Method, path);
        var operation = route?.Operation ?? "";
        using var slot = operation == MicrosoftAdvertisingOperations.UploadBulkFile ? sandbox.Uploads.Enter(tail, sandbox.Settings.MaxUploadsAtOnce) : null;
        using var body = await RequestBody.ReadAsync(request, route?.MaxBody ?? DefaultMaxBody, context.RequestAborted);

        var decision = sandbox.Faults.Decide(path, operation, body.Bytes.Span);
        if (decision.Delay > TimeSpan.Zero)
        {
            await Task.Delay(decision.Delay, sandbox.Time, context.RequestAborted);
        }

        sandbox.Settle();
        var call = new MicrosoftAdvertisingCall(sandbox, request, body.Bytes, sandbox.Time.GetUtcNow())
        {
            TrackingId = sandbox.Secrets.Id(),
            Tail = tail,
            Decision = decision,
            Slot = slot,
        };
        var answer = IsRefusedBeforehand(decision.Ending) ? default : Answer(call, route, body.IsTooLarge);
        if (decision.Ending is { Kind: FaultKind.Status } status)
        {
            answer = new VendorAnswer(status.Status, default);
        }
        else if (decision.Ending is { Kind: FaultKind.Refuse } refusal)
        {
            answer = Refusal(call, route, refusal);
        }

        Record(call, operation, answer.Status);
        slot?.Dispose();
        sandbox.Settle();
        context.Response.Headers["TrackingId"] = call.TrackingId;
        if (decision.Ending is { Kind: FaultKind.Status, Status: StatusCodes.Status429TooManyRequests, RetryAfterSeconds: var seconds })
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        await FaultyAnswer.WriteAsync(context, answer, decision.Ending, sandbox.Time);
    }

    private static bool IsRefusedBeforehand(FaultRule? ending) =>
        ending is { Kind: FaultKind.DropBefore } or { Kind: FaultKind.Status or FaultKind.Refuse, Commit: false };

    private static VendorAnswer Answer(MicrosoftAdvertisingCall call, MicrosoftAdvertisingRoute? route, bool isTooLarge)
    {
        if (route is null)
        {
            return new VendorAnswer(StatusCodes.Status404NotFound, default);
        }

        if (isTooLarge)
        {
            return new VendorAnswer(StatusCodes.Status413PayloadTooLarge, default);
        }

        return CheckCaller.Refuse(call, route.Proof) ?? route.Handle(call);
    }

    private static VendorAnswer Refusal(MicrosoftAdvertisingCall call, MicrosoftAdvertisingRoute? route, FaultRule rule)
    {
        var code = rule.Code ?? VendorErrors.Internal;
        return route?.Operation == MicrosoftAdvertisingOperations.UploadBulkFile
            ? Faults.Upload(call, code, rule.RefusalStatus)
            : Faults.Whole(call, code, status: rule.RefusalStatus);
    }

    private void Record(MicrosoftAdvertisingCall call, string operation, int status)
    {
        var answered = call.Decision.Ending?.Kind is not (FaultKind.DropBefore or FaultKind.DropAfter);
        sandbox.Counters.Request(operation, status, answered);
        sandbox.Journal.Add(new MicrosoftAdvertisingEntry(call.Now, operation, call.Request.Method, PathOf(call), answered ? status : 0)
        {
            CustomerId = call.Account?.CustomerId,
            AccountId = call.Account?.AccountId,
            ListId = call.ListId,
            Action = call.Action,
            RequestId = call.RequestId,
            AcceptsTerms = call.AcceptsTerms,
            Items = call.Items,
            Accepted = call.Accepted,
            Rejected = call.Rejected,
            Bytes = call.Body.Length,
            Committed = call.Committed,
            Answered = answered,
            Fault = call.Decision.Ending?.Id ?? (call.Decision.Rejections is [var first, ..] ? first.RuleId : null),
            Errors = [.. call.Errors],
            Hashes = call.Hashes,
            Body = KeepsBody(operation) ? call.Body.ToArray() : null,
        });
    }

    // What hangs below these paths is a secret.
    private static string PathOf(MicrosoftAdvertisingCall call) => call.Request.Path.Value![..^call.Tail.Length];

    private bool KeepsBody(string operation) => sandbox.Settings.Journal == JournalMode.Bodies
        && operation is not (MicrosoftAdvertisingOperations.UploadBulkFile or MicrosoftAdvertisingOperations.Authorize or MicrosoftAdvertisingOperations.Token);
}
