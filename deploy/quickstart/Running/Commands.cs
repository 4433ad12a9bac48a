using System.CommandLine;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Sampling;
using CustomerInsights.Quickstart.Showing;
using CustomerInsights.Quickstart.Starting;

namespace CustomerInsights.Quickstart.Running;

/// <summary>The command line of ./run.sh.</summary>
internal static class Commands
{
    public static RootCommand Root()
    {
        var screen = Screen.OfProcess();
        var profiles = new Option<string?>("--profiles") { Description = "Your own CSV file instead of the 10,000 sample customers.", HelpName = "FILE" };
        var changes = new Option<string?>("--changes") { Description = "A second CSV file with changed rows, for the second refresh.", HelpName = "FILE" };
        var id = new Option<string?>("--id") { Description = "Its column with the customer id, which becomes the external id at Braze.", HelpName = "COLUMN" };
        var email = new Option<string?>("--email") { Description = "Its column with the e-mail address.", HelpName = "COLUMN" };
        var keep = new Option<bool>("--keep") { Description = "Leave the system running; ./run.sh stop ends it." };
        var processes = new Option<bool>("--processes") { Description = "Separate processes on RabbitMQ and PostgreSQL (installed from Debian where missing); ports as in tye.yaml." };
        var defaults = new QuickstartOptions();
        var grpcPort = Port("--grpc-port", "gRPC of Standalone.", defaults.GrpcPort);
        var httpPort = Port("--http-port", "HTTP/1.1 of Standalone: health, development tokens.", defaults.HttpPort);
        var sandboxPort = Port("--sandbox-port", "The local stand-in of Braze.", defaults.SandboxPort);
        var root = new RootCommand("Starts the system, and walks through its main job: customers in, a segment, Braze kept equal to it.")
        {
            profiles, changes, id, email, keep, processes, grpcPort, httpPort, sandboxPort, Call(screen), Stop(screen), Generate(screen),
        };
        root.SetAction((parsed, cancellationToken) => new RunQuickstart(screen).RunAsync(
            new QuickstartOptions
            {
                Profiles = parsed.GetValue(profiles),
                Changes = parsed.GetValue(changes),
                Id = parsed.GetValue(id),
                Email = parsed.GetValue(email),
                Keep = parsed.GetValue(keep),
                Processes = parsed.GetValue(processes),
                GrpcPort = parsed.GetValue(grpcPort),
                HttpPort = parsed.GetValue(httpPort),
                SandboxPort = parsed.GetValue(sandboxPort),
            },
            cancellationToken));
        return root;
    }

    private static Option<int> Port(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "PORT" };

    private static Command Call(Screen screen)
    {
        var method = new Argument<string?>("method") { Description = "package.Service/Method; without it, all methods are listed.", Arity = ArgumentArity.ZeroOrOne };
        var json = new Argument<string>("json") { Description = "The request.", DefaultValueFactory = _ => "{}" };
        var user = new Option<string>("--user") { Description = "In whose name.", DefaultValueFactory = _ => "ada" };
        var command = new Command("call", "Lists the services of the system that --keep left running, or calls one.") { method, json, user };
        command.SetAction((parsed, cancellationToken) =>
            new CallAnything(screen).RunAsync(parsed.GetValue(method), parsed.GetValue(json)!, parsed.GetValue(user)!, cancellationToken));
        return command;
    }

    private static Command Stop(Screen screen)
    {
        var command = new Command("stop", "Stops the system that --keep left running.");
        command.SetAction(async (_, cancellationToken) =>
        {
            var running = KeptRunning.Read();
            await (running?.StopAsync(cancellationToken) ?? Task.CompletedTask);
            screen.Say(running is null ? "Nothing is running." : "Stopped.");
            return 0;
        });
        return command;
    }

    private static Command Generate(Screen screen)
    {
        var count = new Option<int>("--count") { Description = "Customers.", DefaultValueFactory = _ => SampleFiles.Count };
        var seed = new Option<int>("--seed") { Description = "Same seed, same bytes.", DefaultValueFactory = _ => SampleFiles.Seed };
        var folder = new Option<string>("--out") { Description = "Folder to write customers.csv and changes.csv to.", DefaultValueFactory = _ => Path.Combine(Repository.Root, "deploy", "samples") };
        var command = new Command("generate", "Writes the sample files again.") { count, seed, folder };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var files = SampleFiles.Generate(parsed.GetValue(count), parsed.GetValue(seed));
            var target = Directory.CreateDirectory(parsed.GetValue(folder)!).FullName;
            await File.WriteAllBytesAsync(Path.Combine(target, "customers.csv"), files.Customers, cancellationToken);
            await File.WriteAllBytesAsync(Path.Combine(target, "changes.csv"), files.Changes, cancellationToken);
            screen.Good($"customers.csv and changes.csv in {target}");
            return 0;
        });
        return command;
    }
}
