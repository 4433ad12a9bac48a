using CustomerInsights.Contracts;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Hosting;

namespace CustomerInsights.Workers.Braze;

/// <summary>The worker that keeps segments true in Braze.</summary>
public sealed class BrazeApp : IServiceApp
{
    public string AppId => "worker-braze";

    public void Configure(ServiceBuilder builder)
    {
        builder.Services.AddSingleton<BrazeClient>();
        builder
            .AddOptions<BrazeOptions>(BrazeOptions.Section)
            .AddDestination<BrazeDestination>(Topics.BrazeRunRequested, Topics.ExportDeleted);
    }
}
