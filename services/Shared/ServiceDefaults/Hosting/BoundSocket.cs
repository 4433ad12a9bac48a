using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>
/// A port that is taken but not open yet, so that a process knows its own address while it is still being put together.
/// </summary>
internal sealed class BoundSocket : IDisposable
{
    private Socket? _socket;

    /// <param name="setting">The configuration key of the address, to name when it cannot be had.</param>
    /// <param name="address">What to take; port 0 for any.</param>
    public BoundSocket(string setting, IPEndPoint address)
    {
        try
        {
            _socket = SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        }
        catch (SocketException exception)
        {
            throw new StartRefusedException([$"{setting}: the process cannot listen on {address} ({exception.SocketErrorCode})."]);
        }

        Address = (IPEndPoint)_socket.LocalEndPoint!;
    }

    /// <summary>With the real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Hands the socket over to whoever opens the port.</summary>
    public Socket Take() => Interlocked.Exchange(ref _socket, null) ?? throw new InvalidOperationException("The socket was taken already.");

    public void Dispose() => Interlocked.Exchange(ref _socket, null)?.Dispose();
}
