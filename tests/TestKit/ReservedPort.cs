using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CustomerInsights.TestKit;

/// <summary>
/// A port for a listener that starts later, and perhaps again. A socket that is bound and never listens holds it while this process lives:
/// the system gives it to nobody who asks for any port, a listener that asks for exactly this one gets it, and until then it refuses connections.
/// </summary>
public static class ReservedPort
{
    private static readonly ConcurrentBag<Socket> Held = [];

    /// <summary>Each call takes another.</summary>
    public static int Take()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Held.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
