using CustomerInsights.Contracts;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Outbound;
using CustomerInsights.Workers.MicrosoftAdvertising.Filing;
using CustomerInsights.Workers.MicrosoftAdvertising.Keeping;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>The worker that keeps segments true in Microsoft Advertising.</summary>
public sealed class MicrosoftAdvertisingApp : IServiceApp
{
    public string AppId => "worker-microsoft-advertising";

    public void Configure(ServiceBuilder builder)
    {
        builder.Services
            .AddOutbound(services => services.GetRequiredService<IOptions<MicrosoftAdvertisingOptions>>().Value.OutboundRules)
            .AddSingleton<MicrosoftAdvertisingClient>()
            .AddSingleton<AudienceRecords>()
            .AddSingleton<UploadFile>()
            .AddSingleton<AudienceCalls>()
            .AddSingleton<ChangeAudience>()
            .AddSingleton<KeepAudiences>()
            .AddSingleton<SessionTools>();
        builder
            .AddOptions<MicrosoftAdvertisingOptions>(MicrosoftAdvertisingOptions.Section)
            .AddDestination<MicrosoftAdvertisingDestination>(Topics.MicrosoftAdvertisingRunRequested, Topics.ExportDeleted);
    }
}
