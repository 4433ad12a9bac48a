using CustomerInsights.Exports;
using CustomerInsights.ServiceDefaults.Hosting;

return await ServiceHost.RunAsync(new ExportsApp(), args);
