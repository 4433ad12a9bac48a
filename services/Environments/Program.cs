using CustomerInsights.Environments;
using CustomerInsights.ServiceDefaults.Hosting;

return await ServiceHost.RunAsync(new EnvironmentsApp(), args);
