using CustomerInsights.Contracts;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.Webhook;

/// <summary>The worker that keeps segments true wherever somebody takes lines of JSON by HTTPS.</summary>
public sealed class WebhookApp : IServiceApp
{
    public string AppId => "worker-webhook";

    public void Configure(ServiceBuilder builder)
    {
        builder.Services
            .AddOutbound(services => services.GetRequiredService<IOptions<WebhookOptions>>().Value.OutboundRules)
            .AddSingleton<WebhookClient>();
        builder
            .AddOptions<WebhookOptions>(WebhookOptions.Section)
            .AddDestination<WebhookDestination>(Topics.WebhookRunRequested, Topics.ExportDeleted);
    }
}
