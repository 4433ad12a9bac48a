namespace CustomerInsights.Sandbox.Control;

/// <summary>Sends an answer in the way a fault demands, or properly.</summary>
internal static class FaultyAnswer
{
    private const string Json = "application/json; charset=utf-8";
    private static readonly byte[] Noise = [.. Enumerable.Repeat((byte)' ', 64 * 1024)];

    public static async Task WriteAsync(HttpContext context, VendorAnswer answer, FaultRule? ending, TimeProvider time)
    {
        var response = context.Response;
        response.StatusCode = answer.Status == 0 ? StatusCodes.Status500InternalServerError : answer.Status;
        response.ContentType = answer.ContentType ?? Json;
        if (answer.Location is { } location)
        {
            response.Headers.Location = location;
        }

        switch (ending?.Kind)
        {
            case FaultKind.DropBefore or FaultKind.DropAfter:
                context.Abort();
                break;
            case FaultKind.SlowDrip:
                await DripAsync(context, answer.Body, TimeSpan.FromMilliseconds(ending.DelayMilliseconds), time);
                break;
            case FaultKind.Stall:
                await StallAsync(context, answer.Body, TimeSpan.FromMilliseconds(ending.DelayMilliseconds), time);
                break;
            case FaultKind.MalformedBody:
                await SendAsync(context, answer.Body[..(answer.Body.Length / 2)]);
                break;
            case FaultKind.EndlessBody:
                await NeverEndAsync(context, answer.Body);
                break;
            default:
                await SendAsync(context, answer.Body);
                break;
        }
    }

    private static Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static async Task DripAsync(HttpContext context, ReadOnlyMemory<byte> body, TimeSpan pause, TimeProvider time)
    {
        context.Response.ContentLength = body.Length;
        for (var i = 0; i < body.Length; i++)
        {
            await context.Response.Body.WriteAsync(body.Slice(i, 1), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(pause, time, context.RequestAborted);
        }
    }

    private static async Task StallAsync(HttpContext context, ReadOnlyMemory<byte> body, TimeSpan pause, TimeProvider time)
    {
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body[..(body.Length / 2)], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(pause, time, context.RequestAborted);
        await context.Response.Body.WriteAsync(body[(body.Length / 2)..], context.RequestAborted);
    }

    private static async Task NeverEndAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        // White space after the opening brace: valid JSON so far, for ever.
        await context.Response.Body.WriteAsync(body[..Math.Min(1, body.Length)], context.RequestAborted);
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.Body.WriteAsync(Noise, context.RequestAborted);
        }
    }
}
