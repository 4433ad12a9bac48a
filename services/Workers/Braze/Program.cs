using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.Workers.Braze;

return await ServiceHost.RunAsync(new BrazeApp(), args);
