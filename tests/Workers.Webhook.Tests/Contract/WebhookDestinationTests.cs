using CustomerInsights.Destinations.Contract;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Workers.Webhook.Contract;

public sealed class WebhookDestinationTests(Engine engine) : DestinationContract(engine)
{
    protected override async Task<Vendor> StartVendorAsync(CancellationToken cancellationToken) => await WebhookVendor.StartAsync(cancellationToken);
}
