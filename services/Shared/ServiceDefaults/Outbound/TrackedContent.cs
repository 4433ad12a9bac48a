using System.Net;

namespace CustomerInsights.ServiceDefaults.Outbound;

/// <summary>A body that knows how far it was sent: tells a request that never left from one whose answer was lost.</summary>
public sealed class TrackedContent : HttpContent
{
    private readonly HttpContent _body;

    /// <param name="body">Disposed with this.</param>
    public TrackedContent(HttpContent body)
    {
        _body = body;
        foreach (var header in body.Headers)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    /// <summary>The destination may have something of it.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>All of it is out of our hands; before that, the connection may still read from it.</summary>
    public bool IsDone { get; private set; }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        HasBegun = true;
        await _body.CopyToAsync(stream, context, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        IsDone = true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Headers.ContentLength ?? -1;
        return length >= 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body.Dispose();
        }

        base.Dispose(disposing);
    }
}
