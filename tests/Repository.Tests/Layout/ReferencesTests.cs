namespace CustomerInsights.Repository.Layout;

[Parallelizable(ParallelScope.All)]
public sealed class ReferencesTests
{
    private const string Contracts = "protos/CustomerInsights.Contracts.csproj";
    private const string Grpc = "services/Shared/Grpc/CustomerInsights.Grpc.csproj";
    private const string ServiceDefaults = "services/Shared/ServiceDefaults/CustomerInsights.ServiceDefaults.csproj";
    private const string Destinations = "services/Shared/Destinations/CustomerInsights.Destinations.csproj";

    [Test]
    public void Projects_reference_only_what_they_may() => Rule.Holds(
        from project in Project.All
        where project.Type != "Test" && !project.Path.StartsWith("tests/", StringComparison.Ordinal)
        from reference in project.References.Except(Allowed(project))
        select $"{project.Path}: must not reference {reference}; services meet in protos/, and only workers and Standalone know Destinations.");

    [Test]
    public void A_fourth_shared_project_needs_a_decision() => Assert.That(
        Project.All.Where(p => p.IsShared).Select(p => p.Path), Is.EquivalentTo(new[] { Grpc, ServiceDefaults, Destinations }));

    [Test]
    public void Every_project_has_its_tests() => Rule.Holds(
        from project in Project.All
        where project.Path.StartsWith("services/", StringComparison.Ordinal) && project.Folder != "services/Standalone"
        let tests = $"tests/{project.Name["CustomerInsights.".Length..]}.Tests/{project.Name}.Tests.csproj"
        where !Checkout.Exists(tests)
        select $"{project.Path}: has no {tests}.");

    private static IEnumerable<string> Allowed(Project project) => project.Path switch
    {
        Contracts => [Grpc],
        Grpc => [],
        ServiceDefaults => [Grpc, Contracts],
        Destinations => [ServiceDefaults],
        "services/Standalone/CustomerInsights.Standalone.csproj" => Project.Processes.Select(p => p.Path).Append(ServiceDefaults),
        // The stand-ins of vendors share no code with the system that is tried against them.
        "services/Sandbox/CustomerInsights.Sandbox.csproj" => [],
        _ when project.IsWorker => [ServiceDefaults, Destinations],
        _ when project.Path.StartsWith("services/", StringComparison.Ordinal) => [ServiceDefaults],
        _ => [Contracts],
    };
}
