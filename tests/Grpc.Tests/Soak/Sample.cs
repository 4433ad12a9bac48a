using System.Diagnostics;

namespace CustomerInsights.Rpc.Tests.Soak;

/// <summary>What the process holds while it is at rest.</summary>
/// <param name="Heap">Bytes of managed memory after a full collection.</param>
/// <param name="Handles">Open files and sockets.</param>
internal sealed record Sample(long Heap, long Threads, long Handles, long Timers, long OpenCalls, long Connections)
{
    public static Sample Take(int openCalls, int connections)
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return new Sample(GC.GetTotalMemory(forceFullCollection: true), process.Threads.Count, Directory.GetFiles("/proc/self/fd").Length, Timer.ActiveCount, openCalls, connections);
    }
}
