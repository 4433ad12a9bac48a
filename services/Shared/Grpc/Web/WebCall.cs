using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CustomerInsights.Rpc.Web;

/// <summary>
/// Makes a gRPC-Web request look like any other call: bodies may be base64, the trailers are the last frame of the response
/// body, and what resets a stream of HTTP/2 closes a connection of HTTP/1.1.
/// </summary>
internal sealed class WebCall : IRequestBodyPipeFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature, IHttpResetFeature
{
    private const byte TrailersFlag = 0x80;

    private readonly IHttpResponseBodyFeature _body;
    private readonly Action<int> _reset;
    private Task? _completion;

    private WebCall(HttpContext http)
    {
        _body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _reset = http.Features.Get<IHttpResetFeature>() is { } stream ? stream.Reset : _ => http.Abort();

        // Who does not say what to answer gets what was sent.
        var isText = HeaderNames.IsContentType(http.Request.ContentType, HeaderNames.WebTextContentType);
        var accept = http.Request.Headers.Accept.ToString();
        var answersText = accept.Contains(HeaderNames.WebTextContentType, StringComparison.OrdinalIgnoreCase)
            || (isText && !accept.Contains(HeaderNames.WebContentType, StringComparison.OrdinalIgnoreCase));
        Reader = isText ? new Base64Reader(http.Request.BodyReader) : http.Request.BodyReader;
        Writer = answersText ? new Base64Writer(_body.Writer) : _body.Writer;
        ContentType = (answersText ? HeaderNames.WebTextContentType : HeaderNames.WebContentType) + "+proto";
    }

    public PipeReader Reader { get; }

    public PipeWriter Writer { get; }

    public Stream Stream => Writer.AsStream();

    /// <summary>Of the response.</summary>
    public string ContentType { get; }

    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    public static bool Is(HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        && (HeaderNames.IsContentType(request.ContentType, HeaderNames.WebContentType) || HeaderNames.IsContentType(request.ContentType, HeaderNames.WebTextContentType));

    /// <summary>Answers a gRPC-Web request by what answers gRPC.</summary>
    public static async Task ServeAsync(HttpContext context, RequestDelegate next)
    {
        var call = new WebCall(context);
        context.Features.Set(call);
        context.Features.Set<IRequestBodyPipeFeature>(call);
        context.Features.Set<IHttpResponseBodyFeature>(call);
        context.Features.Set<IHttpResponseTrailersFeature>(call);
        context.Features.Set<IHttpResetFeature>(call);
        await next(context);
        await context.Response.CompleteAsync();
    }

    public void DisableBuffering() => _body.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => _body.StartAsync(cancellationToken);

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    /// <summary>Ends the response, once; nothing follows the trailers.</summary>
    Task IHttpResponseBodyFeature.CompleteAsync() => _completion ??= EndAsync(CancellationToken.None);

    public void Reset(int errorCode)
    {
        _completion = Task.CompletedTask;
        _reset(errorCode);
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        // Without a message the status is in the headers, and there is no body.
        if (Trailers.Count > 0)
        {
            WriteTrailers();
            await Writer.FlushAsync(cancellationToken);
        }

        await _body.CompleteAsync();
    }

    private void WriteTrailers()
    {
        var block = new StringBuilder();
        foreach (var (name, values) in Trailers)
        {
            foreach (var value in values)
            {
                block.Append(name.ToLowerInvariant()).Append(": ").Append(value).Append("\r\n");
            }
        }

        var bytes = Encoding.UTF8.GetBytes(block.ToString());
        var prefix = Writer.GetSpan(MessageDecoder.PrefixLength);
        prefix[0] = TrailersFlag;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], bytes.Length);
        Writer.Advance(MessageDecoder.PrefixLength);
        Writer.Write(bytes);
    }
}
