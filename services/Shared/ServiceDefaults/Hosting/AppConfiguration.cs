using System.Net;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>The configuration of each service of a process: what the process has, and over it its own section "Apps:{app id}".</summary>
internal sealed class AppConfiguration(IConfiguration process, IReadOnlyList<IServiceApp> apps, IPEndPoint own)
{
    public IConfiguration Of(string appId) => new ConfigurationBuilder()
        .AddInMemoryCollection(apps.Select(app => KeyValuePair.Create($"Services:{app.AppId}", (string?)OwnAddress())))
        .AddConfiguration(process)
        .AddConfiguration(process.GetSection($"Apps:{appId}"))
        .Build();

    // Services of one process meet at its own port unless told otherwise.
    private string OwnAddress()
    {
        var any = own.Address.Equals(IPAddress.Any) || own.Address.Equals(IPAddress.IPv6Any);
        return $"http://{(any ? new IPEndPoint(IPAddress.Loopback, own.Port) : own)}";
    }
}
