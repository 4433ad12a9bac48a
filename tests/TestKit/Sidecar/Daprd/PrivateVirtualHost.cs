using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace CustomerInsights.TestKit.Sidecar.Daprd;

/// <summary>A virtual host for one test, so that fixed names of apps and topics do not meet.</summary>
internal static class PrivateVirtualHost
{
    public static async Task<SidecarComponent> CreateComponentAsync(CancellationToken cancellationToken)
    {
        var management = TestServers.RabbitMqManagement;
        var name = Some.Name("daprd");
        using var http = new HttpClient { BaseAddress = new Uri($"http://{management.Authority}") };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(management.UserInfo))));
        using var made = await http.PutAsJsonAsync($"/api/vhosts/{name}", new { }, cancellationToken);
        made.EnsureSuccessStatusCode();
        var user = management.UserInfo.Split(':')[0];
        using var permitted = await http.PutAsJsonAsync($"/api/permissions/{name}/{user}", new { configure = ".*", write = ".*", read = ".*" }, cancellationToken);
        permitted.EnsureSuccessStatusCode();
        return new SidecarComponent
        {
            Type = SidecarComponent.RabbitMq,
            Metadata = new Dictionary<string, string>
            {
                ["connectionString"] = new UriBuilder(TestServers.RabbitMq) { Path = name }.ToString(),
                ["durable"] = "true",
                ["deletedWhenUnused"] = "false",
                ["deliveryMode"] = "2",
                ["publisherConfirm"] = "true",
            },
        };
    }
}
