namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>A process of the system, as a composition that can run alone or inside Standalone.</summary>
public interface IServiceApp
{
    /// <summary>The app id, such as "segments"; names the process towards Dapr, the broker, telemetry and other services.</summary>
    string AppId { get; }

    /// <summary>Registers what the process consists of.</summary>
    void Configure(ServiceBuilder builder);
}
