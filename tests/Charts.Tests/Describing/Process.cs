using System.Reflection;
using System.Text.RegularExpressions;
using CustomerInsights.Connections;
using CustomerInsights.Contracts;
using CustomerInsights.Environments;
using CustomerInsights.Exports;
using CustomerInsights.Segments;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.Workers.Braze;
using CustomerInsights.Workers.MicrosoftAdvertising;
using CustomerInsights.Workers.Webhook;

namespace CustomerInsights.Charts.Describing;

/// <summary>A process as its code describes it.</summary>
/// <param name="App">Its app.</param>
/// <param name="Folder">Its sources.</param>
internal sealed partial record Process(IServiceApp App, string Folder)
{
    private static readonly Dictionary<string, string> TopicNames =
        typeof(Topics).GetFields(BindingFlags.Public | BindingFlags.Static).ToDictionary(field => $"Topics.{field.Name}", field => (string)field.GetValue(null)!);

    public static IReadOnlyList<Process> All { get; } =
    [
        new(new EnvironmentsApp(), "services/Environments"), new(new ConnectionsApp(), "services/Connections"), new(new SegmentsApp(), "services/Segments"),
        new(new ExportsApp(), "services/Exports"), new(new BrazeApp(), "services/Workers/Braze"),
        new(new MicrosoftAdvertisingApp(), "services/Workers/MicrosoftAdvertising"), new(new WebhookApp(), "services/Workers/Webhook"),
    ];

    public bool IsWorker => Folder.StartsWith("services/Workers/", StringComparison.Ordinal);

    /// <summary>Topics that it subscribes to.</summary>
    public IEnumerable<string> Subscribes => SubscribedTopic().Matches(Composition).Concat(WorkerTopics().Matches(Composition))
        .SelectMany(match => match.Groups.Values.Skip(1)).Select(group => TopicNames[group.Value]);

    /// <summary>Topics that its code names otherwise: it publishes them.</summary>
    public IEnumerable<string> Publishes => TopicName().Matches(Sources(Folder)).Select(match => TopicNames[match.Value]).Distinct().Except(Subscribes);

    /// <summary>"app-id package.Service" for each client that it has; who is no owner of roles asks for them.</summary>
    public IEnumerable<string> Calls => Client().Matches(IsWorker ? Sources("services/Shared/Destinations") : Composition)
        .Select(match => $"{match.Groups[2].Value} {FullName(match.Groups[1].Value)}")
        .Concat(App.AppId == "environments" ? [] : ["environments customerinsights.environments.v1.EnvironmentService"])
        .Distinct();

    /// <summary>Whether it calls services of others.</summary>
    public bool GoesOutside => Sources(Folder).Contains("Outbound", StringComparison.Ordinal);

    private string Composition => Checkout.Read(Directory.GetFiles(Checkout.PathOf(Folder), "*App.cs").Single());

    private static string Sources(string folder) => string.Join('\n', Directory.GetFiles(Checkout.PathOf(folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllText));

    // Of the service that a generated client belongs to.
    private static string FullName(string service) => typeof(Topics).Assembly.GetTypes()
        .Where(type => type.Name == service && type.IsAbstract && type.IsSealed)
        .Select(type => ((Google.Protobuf.Reflection.ServiceDescriptor)type.GetProperty("Descriptor")!.GetValue(null)!).FullName).Single();

    [GeneratedRegex(@"\.Subscribe<[^>]+>\((Topics\.\w+)\)")]
    private static partial Regex SubscribedTopic();

    [GeneratedRegex(@"\.AddDestination<\w+>\((Topics\.\w+), (Topics\.\w+)\)")]
    private static partial Regex WorkerTopics();

    [GeneratedRegex(@"Topics\.[A-Z]\w+")]
    private static partial Regex TopicName();

    [GeneratedRegex(@"AddGrpcClient<(\w+)\.\w+>\(""([a-z-]+)""\)")]
    private static partial Regex Client();
}
