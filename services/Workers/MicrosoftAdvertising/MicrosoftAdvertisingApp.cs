using CustomerInsights.Contracts;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>The worker that keeps segments true in Microsoft Advertising.</summary>
public sealed class MicrosoftAdvertisingApp : IServiceApp
{
    public string AppId => "worker-microsoft-advertising";

    public void Configure(ServiceBuilder builder)
    {
        builder.Services
            .AddSingleton<MicrosoftAdvertisingClient>()
            .AddSingleton<AudienceRecords>()
            .AddSingleton<KeepAudiences>();
        builder
            .AddOptions<MicrosoftAdvertisingOptions>(MicrosoftAdvertisingOptions.Section)
            .AddDestination<MicrosoftAdvertisingDestination>(Topics.MicrosoftAdvertisingRunRequested, Topics.ExportDeleted);
    }
}
