using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.TestKit.Hosting;

/// <summary>How a <see cref="ServiceHarness"/> runs its services. All of it has defaults.</summary>
public sealed record HarnessOptions
{
    /// <summary>Which engine an own, empty database is made on. Not used when <see cref="Database"/> is given.</summary>
    public Engine Engine { get; init; } = Engine.Sqlite;

    /// <summary>A database that outlives the harness, to start the service on it again.</summary>
    public TestDatabase? Database { get; init; }

    /// <summary>The clock of the services and of the tokens.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Further configuration, such as ("Events:Transport", "RabbitMq").</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// Answers of other services: objects that derive from generated service bases, hosted on a real port. A call that no
    /// fake answers gets UNIMPLEMENTED. Roles are faked without asking, see <see cref="ServiceHarness.Roles"/>.
    /// </summary>
    public IReadOnlyList<object> Fakes { get; init; } = [];

    /// <summary>Whether logs also go where production sends them, and not only to <see cref="ServiceHarness.Logs"/>.</summary>
    public bool KeepLogExporters { get; init; }

    /// <summary>Last word on each service's container: app id and container.</summary>
    public Action<string, IServiceCollection>? Adjust { get; init; }
}
