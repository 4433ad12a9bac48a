using System.Globalization;
using System.Net.Http.Headers;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace CustomerInsights.Rpc.Calling;

/// <summary>Decides whether a failed attempt of a call is followed by another one, and when. gRPC proposal A6, without hedging.</summary>
internal sealed class CallAttempts
{
    private readonly GrpcChannel _channel;
    private readonly RetryPolicy? _policy;
    private readonly bool _waitsForReady;
    private int _previous;
    private int _connectFailures;
    private int _backoffs;

    private CallAttempts(GrpcChannel channel, RetryPolicy? policy, bool waitsForReady) => (_channel, _policy, _waitsForReady) = (channel, policy, waitsForReady);

    /// <summary>Null when the first attempt of the call is its last.</summary>
    public static CallAttempts? Of(GrpcChannel channel, IMethod method, CallOptions options, HttpContent content)
    {
        // A stream of requests isn't kept, so it can't be sent again.
        var policy = RequestContent.LengthOf(content) is { } length && length <= (channel.Options.MaxRetryBufferPerCallSize ?? long.MaxValue)
            ? channel.RetryPolicies?.Of(method)
            : null;
        return policy is null && !options.IsWaitForReady ? null : new CallAttempts(channel, policy, options.IsWaitForReady);
    }

    /// <summary>Sends the request until a response or a failure is final.</summary>
    /// <param name="send">Makes an attempt, given the number of those before that reached a server or should have.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    public async Task<HttpResponseMessage> SendAsync(Func<int, Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan? delay;
            try
            {
                var response = await send(_previous).ConfigureAwait(false);
                delay = DelayAfter(response);
                if (delay is null)
                {
                    return response;
                }

                response.Dispose();
            }
            catch (Exception exception) when (exception is not RpcException && !cancellationToken.IsCancellationRequested)
            {
                delay = DelayAfter(exception);
                if (delay is null)
                {
                    throw;
                }
            }

            await Task.Delay(delay.Value, _channel.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How long to wait before the next attempt; null when the response counts.</summary>
    private TimeSpan? DelayAfter(HttpResponseMessage response)
    {
        if (ResponseHead.StatusOf(response) is { StatusCode: not StatusCode.OK } status)
        {
            return DelayAfter(status.StatusCode, response.Headers);
        }

        _channel.RetryPolicies?.CountSuccess();
        return null;
    }

    /// <summary>How long to wait before the next attempt; null when the exception counts.</summary>
    private TimeSpan? DelayAfter(Exception exception) =>
        _waitsForReady && StatusMapping.IsConnectFailure(exception)
            ? _channel.Reconnecting.After(++_connectFailures, _channel.Options.Chance())
            : DelayAfter(StatusMapping.FromException(exception).StatusCode, null);

    private TimeSpan? DelayAfter(StatusCode status, HttpResponseHeaders? headers)
    {
        var isRetryable = _policy?.RetryableStatusCodes.Contains(status) is true;
        var pushback = headers is not null && headers.NonValidated.TryGetValues(HeaderNames.RetryPushback, out var values) ? values.ToString() : null;
        var milliseconds = 0;
        var isStopped = pushback is not null && !int.TryParse(pushback, NumberStyles.None, CultureInfo.InvariantCulture, out milliseconds);
        if (_policy is null || !(isRetryable || isStopped))
        {
            return null;
        }

        // Every failure of the kind counts, also the one that isn't retried.
        var isAllowed = _channel.RetryPolicies!.CountFailure();
        if (isStopped || !isAllowed || ++_previous >= Math.Min(_policy.MaxAttempts!.Value, _channel.Options.MaxRetryAttempts ?? int.MaxValue))
        {
            return null;
        }

        _backoffs = pushback is null ? _backoffs + 1 : 0;
        return pushback is null
            ? new Backoff(_policy.InitialBackoff!.Value, _policy.MaxBackoff!.Value, _policy.BackoffMultiplier!.Value).After(_backoffs, _channel.Options.Chance())
            : TimeSpan.FromMilliseconds(milliseconds);
    }
}
