using System.Buffers;

namespace CustomerInsights.Sandbox.Control;

/// <summary>A whole request body in a rented buffer.</summary>
internal struct RequestBody : IDisposable
{
    private byte[]? _rented;
    private int _length;

    public readonly ReadOnlyMemory<byte> Bytes => _rented.AsMemory(0, _length);

    /// <summary>The body is larger than allowed and was not read to its end.</summary>
    public bool IsTooLarge { get; private set; }

    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int most, CancellationToken cancellationToken)
    {
        if (request.ContentLength > most)
        {
            return new RequestBody { IsTooLarge = true };
        }

        const int Unknown = 16 * 1024;
        var body = new RequestBody { _rented = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? Unknown) + 1) };
        int read;
        while ((read = await request.Body.ReadAsync(body._rented.AsMemory(body._length), cancellationToken)) > 0)
        {
            body._length += read;
            if (body._length > most)
            {
                body.Dispose();
                return new RequestBody { IsTooLarge = true };
            }

            if (body._length == body._rented.Length)
            {
                body.Grow();
            }
        }

        return body;
    }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_rented!.Length * 2);
        _rented.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }
}
