using System.Globalization;
using System.Text.Json;
using CustomerInsights.Quickstart.Starting;

namespace CustomerInsights.Quickstart.Running;

/// <summary>A system that --keep left running: what is needed to call it, and to stop it.</summary>
/// <param name="Processes">Process id and start time, by name. An id may be given anew; with its start time it is unique.</param>
/// <param name="Grpc">gRPC address by app id.</param>
/// <param name="Http">An HTTP/1.1 address that hands out tokens.</param>
/// <param name="ServersFolder">Where eng/servers.sh started PostgreSQL and RabbitMQ; null when it did not.</param>
internal sealed record KeptRunning(
    IReadOnlyDictionary<string, KeptProcess> Processes, IReadOnlyDictionary<string, Uri> Grpc, Uri Http, string? ServersFolder)
{
    private static readonly string File = Path.Combine(Repository.Root, ".data", "running.json");

    public bool IsAlive => Processes.Values.Any(p => p.IsAlive);

    public static KeptRunning? Read() => System.IO.File.Exists(File) ? JsonSerializer.Deserialize<KeptRunning>(System.IO.File.ReadAllText(File)) : null;

    public static void Write(Topology topology, string? serversFolder)
    {
        string[] appIds = ["environments", "connections", "segments", "exports", "worker-braze", "worker-microsoft-advertising", "worker-webhook"];
        var kept = new KeptRunning(
            topology.Processes.ToDictionary(p => p.Name, p => new KeptProcess(p.Id, KeptProcess.StartTimeOf(p.Id))),
            appIds.ToDictionary(a => a, topology.Grpc),
            topology.Http("environments"),
            serversFolder);
        System.IO.File.WriteAllText(File, JsonSerializer.Serialize(kept));
    }

    /// <summary>Stops what runs, by its ids, and forgets it.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Processes.Values.Where(p => p.IsAlive).Select(p => LocalProcess.StopByIdAsync(p.Id, cancellationToken)));
        if (ServersFolder is not null)
        {
            await PrivateServers.StopAsync(ServersFolder, cancellationToken);
        }

        System.IO.File.Delete(File);
    }
}

/// <summary>A process that goes on without the one that started it.</summary>
/// <param name="Id">Process id.</param>
/// <param name="StartTime">Clock ticks since the machine started.</param>
internal sealed record KeptProcess(int Id, long StartTime)
{
    private const int StartTimeField = 22;

    public bool IsAlive => StartTimeOf(Id) == StartTime && StartTime != 0;

    /// <summary>0 when there is no such process.</summary>
    public static long StartTimeOf(int id)
    {
        var file = string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat");
        if (!System.IO.File.Exists(file))
        {
            return 0;
        }

        // The second field is the name in parentheses and may hold blanks.
        var stat = System.IO.File.ReadAllText(file);
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] == "Z" ? 0 : long.Parse(fields[StartTimeField - 3], CultureInfo.InvariantCulture);
    }
}
