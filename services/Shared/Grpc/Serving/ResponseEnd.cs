using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CustomerInsights.Rpc.Serving;

/// <summary>
/// Gives a response its one status. The method and the deadline race for it; whoever locks this object first decides, and
/// whoever writes to the response holds its lock.
/// </summary>
internal sealed class ResponseEnd(HttpContext http)
{
    private const int InternalError = 0x2;
    private const int Cancel = 0x8;

    private Task _completion = Task.CompletedTask;

    public bool HasEnded { get; private set; }

    public bool EndedAtDeadline { get; private set; }

    /// <summary>Whether a message was put into the response, sent or not.</summary>
    public bool HasBody { get; set; }

    /// <summary>Whether a message was left half written, so that nothing but a reset can follow.</summary>
    public bool IsBroken { get; set; }

    /// <summary>The last write that had to wait for the client.</summary>
    public Task? PendingFlush { get; set; }

    /// <summary>Ends the response; when the deadline has done so, waits until that is through.</summary>
    public Task EndAsync(Status status, Metadata? trailers, Metadata? exceptionTrailers)
    {
        lock (this)
        {
            if (HasEnded)
            {
                return _completion;
            }

            HasEnded = true;
            if (IsBroken)
            {
                Reset(InternalError);
            }
            else
            {
                WriteStatus(status, trailers, exceptionTrailers);
            }

            return Task.CompletedTask;
        }
    }

    public bool TryEndAtDeadline(Status status)
    {
        lock (this)
        {
            if (HasEnded)
            {
                return false;
            }

            HasEnded = EndedAtDeadline = true;
            if (IsBroken)
            {
                Reset(InternalError);
            }
            else if (PendingFlush is { IsCompleted: false })
            {
                // The client doesn't take what it has; trailers would wait behind that.
                Reset(Cancel);
            }
            else
            {
                WriteStatus(status, null, null);
                _completion = http.Response.CompleteAsync();
            }

            return true;
        }
    }

    private void WriteStatus(Status status, Metadata? trailers, Metadata? exceptionTrailers)
    {
        var headers = HasBody || http.Response.HasStarted
            ? http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : http.Response.Headers;
        if (trailers is not null)
        {
            MetadataHeaders.Write(trailers, headers);
        }

        if (exceptionTrailers is not null)
        {
            MetadataHeaders.Write(exceptionTrailers, headers);
        }

        headers.GrpcStatus = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
        {
            headers.GrpcMessage = StatusMessage.Encode(status.Detail);
        }
    }

    private void Reset(int http2Error) => http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(http2Error);
}
