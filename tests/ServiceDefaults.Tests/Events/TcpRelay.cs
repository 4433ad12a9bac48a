using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using CustomerInsights.TestKit;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>Stands between a client and the shared broker, so that a test can take the broker away from just that client.</summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly IPEndPoint _target;
    private readonly ConcurrentBag<TcpClient> _open = [];
    private TcpListener? _listener;

    public TcpRelay(Uri target)
    {
        _target = new IPEndPoint(IPAddress.Parse(target.Host), target.Port);
        Port = ReservedPort.Take();
        Address = new UriBuilder(target) { Host = "127.0.0.1", Port = Port }.Uri;
    }

    public int Port { get; }

    /// <summary>The target's address with the relay's port.</summary>
    public Uri Address { get; }

    public void Open()
    {
        var listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        _listener = listener;
        _ = AcceptAsync(listener);
    }

    /// <summary>Cuts all connections and refuses new ones.</summary>
    public void Close()
    {
        _listener?.Dispose();
        _listener = null;
        while (_open.TryTake(out var client))
        {
            client.Dispose();
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var from = await listener.AcceptTcpClientAsync();
                var to = new TcpClient();
                _open.Add(from);
                _open.Add(to);
                await to.ConnectAsync(_target);
                _ = CopyAsync(from, to);
                _ = CopyAsync(to, from);
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
            listener.Dispose();
        }
    }

    private static async Task CopyAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or SocketException or InvalidOperationException)
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
