using CustomerInsights.Connections;
using CustomerInsights.ServiceDefaults.Hosting;

return await ServiceHost.RunAsync(new ConnectionsApp(), args);
