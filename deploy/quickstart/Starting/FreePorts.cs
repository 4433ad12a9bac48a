using System.Net;
using System.Net.Sockets;

namespace CustomerInsights.Quickstart.Starting;

/// <summary>
/// Ports for processes that must know each other's before the first one starts, and keep theirs over a restart. Chosen
/// below the range from which the system gives ports to clients, so that no client takes one in between.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Taken = [];

    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                var port = First + Random.Shared.Next(Count);
                if (Taken.Add(port) && IsFree(port))
                {
                    return port;
                }
            }
        }
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
