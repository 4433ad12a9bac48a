using CustomerInsights.TestKit.Sidecar.Delivering;
using Grpc.Core;

namespace CustomerInsights.TestKit.Sidecar.Proxying;

/// <summary>One call on its way through: messages as bytes, both ways at once.</summary>
internal sealed class ProxiedCall(
    CallInvoker app, Method<byte[], byte[]> method, Metadata headers, IAsyncStreamReader<byte[]> requests, IServerStreamWriter<byte[]> responses, ServerCallContext context)
{
    private bool _sentHeaders;

    /// <summary>As a stream, or without a policy: once, for as long as it takes.</summary>
    public Task PassOnAsync() => AttemptAsync(new RequestSource(requests), context.CancellationToken);

    /// <summary>As a unary call: each attempt gets the one message again. The caller sees what an attempt has answered before it failed.</summary>
    public async Task PassOnAsync(ResiliencyPolicy policy, TimeProvider time)
    {
        var source = new RequestSource(requests) { IsReplayed = policy.Retry is not null };
        RpcException? last = null;
        var done = await new RunWithPolicy(policy, time).RunAsync(
            async attempt =>
            {
                try
                {
                    await AttemptAsync(source, attempt);
                    return Attempt.Done;
                }
                catch (RpcException exception)
                {
                    last = exception;
                    return source.Failure is null ? Attempt.Failed(exception.StatusCode) : Attempt.Done;
                }
            },
            context.CancellationToken);
        if (source.Failure is { } failure)
        {
            throw failure;
        }

        if (!done)
        {
            throw last!;
        }
    }

    private async Task AttemptAsync(RequestSource source, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var deadline = context.Deadline == DateTime.MaxValue ? (DateTime?)null : context.Deadline;
        using var call = app.AsyncDuplexStreamingCall(method, null, new CallOptions(headers, deadline, ending.Token));
        var up = SendAsync(source, call.RequestStream, ending);
        try
        {
            await ReceiveAsync(call, cancellationToken);
        }
        catch (RpcException) when (source.Failure is not null)
        {
            throw source.Failure;
        }
        finally
        {
            await ending.CancelAsync();
            await up.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReceiveAsync(AsyncDuplexStreamingCall<byte[], byte[]> call, CancellationToken cancellationToken)
    {
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            if (!_sentHeaders)
            {
                // Not before there is a message to send with them: without one they are lost.
                _sentHeaders = true;
                await context.WriteResponseHeadersAsync(Passable(await call.ResponseHeadersAsync));
            }

            await responses.WriteAsync(call.ResponseStream.Current, cancellationToken);
        }

        foreach (var entry in Passable(call.GetTrailers()))
        {
            context.ResponseTrailers.Add(entry);
        }
    }

    private static async Task SendAsync(RequestSource source, IClientStreamWriter<byte[]> writer, CancellationTokenSource ending)
    {
        try
        {
            await foreach (var message in source.ReadAsync(ending.Token))
            {
                await writer.WriteAsync(message, ending.Token);
            }

            await writer.CompleteAsync();
        }
        finally
        {
            // What the app answers counts, unless the caller has made it pointless.
            if (source.Failure is not null)
            {
                await ending.CancelAsync();
            }
        }
    }

    private static Metadata Passable(Metadata received)
    {
        var passable = new Metadata();
        foreach (var entry in received.Where(entry => entry.Key is not ("date" or "server" or "content-type" or "trailer")))
        {
            passable.Add(entry);
        }

        return passable;
    }
}
