using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Showing;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.Quickstart.Walking;
using Grpc.Core;

namespace CustomerInsights.Quickstart.Running;

/// <summary>./run.sh: starts the system afresh, walks through the main job, and stops what it started or leaves it running.</summary>
internal sealed class RunQuickstart(Screen screen)
{
    private const int Good = 0;
    private const int Failed = 1;
    private const int WrongUse = 2;
    private const string User = "ada";

    public async Task<int> RunAsync(QuickstartOptions options, CancellationToken cancellationToken)
    {
        var (file, problem) = FileOf(options);
        problem ??= KeptRunning.Read() is { IsAlive: true } ? "A system that --keep left is still running. Stop it with ./run.sh stop, then try again." : null;
        problem ??= PortProblem(options);
        if (problem is not null)
        {
            screen.Bad(problem);
            return WrongUse;
        }

        // A folder of its own each time: nothing of an earlier run can confuse this one.
        var folder = Path.Combine(Repository.Root, ".data", options.Processes ? "processes" : "standalone");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        try
        {
            return await WalkAsync(options, file!, folder, cancellationToken);
        }
        catch (RpcException refused)
        {
            screen.Refused(refused);
            return Failed;
        }
    }

    private async Task<int> WalkAsync(QuickstartOptions options, ProfileFile file, string folder, CancellationToken cancellationToken)
    {
        PrivateServers? servers = null;
        Topology? topology = null;
        try
        {
            screen.Heading(options.Processes ? "Start PostgreSQL, RabbitMQ and the processes" : "Start");
            servers = options.Processes ? await PrivateServers.StartAsync(Path.Combine(folder, "servers"), cancellationToken) : null;
            topology = await Topology.StartAsync(PlanOf(options, folder, servers?.Addresses), cancellationToken);
            foreach (var process in topology.Processes)
            {
                screen.Good($"{process.Name}: process {process.Id}, log {Path.GetRelativePath(Repository.Root, process.LogFile)}");
            }

            var token = await topology.TokenAsync(User, platformAdministrator: true, cancellationToken);
            using var insights = Insights.As(topology, token);
            var good = await new Walkthrough(topology, insights, file, screen).RunAsync(cancellationToken);
            ShowWhatNext(options, topology, token);
            if (options.Keep)
            {
                KeptRunning.Write(topology, options.Processes ? Path.Combine(folder, "servers") : null);
                topology.LeaveRunning();
                servers = null;
            }

            screen.Judge(good, good ? "All of it is as it should be." : "Something is not as it should be; see above and the logs.");
            return good ? Good : Failed;
        }
        finally
        {
            if (topology is not null)
            {
                await topology.DisposeAsync();
            }

            if (servers is not null)
            {
                await servers.DisposeAsync();
            }
        }
    }

    private static (ProfileFile? File, string? Problem) FileOf(QuickstartOptions options) => options switch
    {
        { Profiles: null } => (ProfileFile.Samples(Path.Combine(Repository.Root, "deploy", "samples")), null),
        { Id: null } or { Email: null } => (null, "--profiles needs --id COLUMN and --email COLUMN, too."),
        _ => ProfileFile.Own(options.Profiles, options.Changes, options.Id, options.Email),
    };

    private static string? PortProblem(QuickstartOptions options)
    {
        var ports = options.Processes ? TyePorts.Read().Where(p => p.Key != "sandbox/http").Select(p => p.Value) : [options.GrpcPort, options.HttpPort];
        var taken = ports.Append(options.SandboxPort).Where(port => !FreePorts.IsFree(port)).ToList();
        return taken.Count == 0 ? null : $"Port {string.Join(", ", taken)} is in use. Choose others with --grpc-port, --http-port and --sandbox-port, or in tye.yaml for --processes.";
    }

    private static TopologyOptions PlanOf(QuickstartOptions options, string folder, ServerAddresses? servers)
    {
        var tye = options.Processes ? TyePorts.Read() : new Dictionary<string, int> { ["standalone/grpc"] = options.GrpcPort, ["standalone/http"] = options.HttpPort };
        return new TopologyOptions { Folder = folder, Servers = servers, Port = name => name == "sandbox/http" ? options.SandboxPort : tye[name] };
    }

    private void ShowWhatNext(QuickstartOptions options, Topology topology, string token)
    {
        screen.Heading("What runs where");
        foreach (var (name, port) in topology.Ports)
        {
            screen.Say($"{name,-20} 127.0.0.1:{port}");
        }

        screen.Heading("Next");
        screen.Say($"Token of {User} (8 hours; another: GET {new Uri(topology.Http("environments"), "/dev/token?user=NAME")}):");
        screen.Plain(token);
        screen.Say(options.Keep
            ? "List the services, and call one:"
            : "Leave the system running with ./run.sh --keep, then list the services, and call one:");
        screen.Say("./run.sh call");
        screen.Say($"./run.sh call customerinsights.exports.v1.ExportService/ListExportRuns '{{\"parent\": \"environments/{Walkthrough.EnvironmentId}/exports/to-braze\"}}'");
        if (options.Keep)
        {
            screen.Say("Stop it: ./run.sh stop");
        }
    }
}
