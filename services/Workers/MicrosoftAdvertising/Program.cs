using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.Workers.MicrosoftAdvertising;

return await ServiceHost.RunAsync(new MicrosoftAdvertisingApp(), args);
