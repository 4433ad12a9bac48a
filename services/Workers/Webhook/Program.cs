using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.Workers.Webhook;

return await ServiceHost.RunAsync(new WebhookApp(), args);
