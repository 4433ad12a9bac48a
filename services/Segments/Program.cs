using CustomerInsights.Segments;
using CustomerInsights.ServiceDefaults.Hosting;

return await ServiceHost.RunAsync(new SegmentsApp(), args);
