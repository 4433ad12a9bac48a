using CustomerInsights.Connections;
using CustomerInsights.Environments;
using CustomerInsights.Exports;
using CustomerInsights.Segments;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.Workers.Braze;
using CustomerInsights.Workers.MicrosoftAdvertising;
using CustomerInsights.Workers.Webhook;

return await ServiceHost.RunAsync(
    [new EnvironmentsApp(), new ConnectionsApp(), new SegmentsApp(), new ExportsApp(), new BrazeApp(), new MicrosoftAdvertisingApp(), new WebhookApp()], args);
