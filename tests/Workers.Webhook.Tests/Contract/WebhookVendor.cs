using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.Webhook;
using CustomerInsights.Sandbox.Webhook.Controlling;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.TestKit;

namespace CustomerInsights.Workers.Webhook.Contract;

/// <summary>The stand-in of a receiver, as the contract suite sees it.</summary>
internal sealed class WebhookVendor : Vendor
{
    private readonly SandboxServer _server;
    private string _audience = "";

    private WebhookVendor(SandboxServer server, string secret) => (_server, Secret, Control) = (server, secret, new WebhookControl(server.Address));

    public WebhookControl Control { get; }

    public override IServiceApp App { get; } = new WebhookApp();

    public override string Topic => Topics.WebhookRunRequested;

    public override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Webhook:AllowedSandboxHosts:0"] = _server.Host,
        ["Webhook:RequestsInFlight"] = $"{RequestsInFlight}",
    };

    public override Credential Credential => new() { Webhook = new WebhookConnection { Url = Control.Url.AbsoluteUri, SigningSecret = Secret } };

    public override string Secret { get; }

    public override string NoAddressReason => WebhookReasons.KeyMissing;

    public override string RefusedReason => WebhookReasons.KeyUnknown;

    public static async Task<WebhookVendor> StartAsync(CancellationToken cancellationToken)
    {
        var secret = $"{Some.Name("signing-secret")}-of-a-test";
        var vendor = new WebhookVendor(await SandboxServer.StartAsync(new SandboxOptions { WebhookSecret = secret }, cancellationToken), secret);

        // Some cases let the worker's clock run ahead.
        await vendor.Control.SetAsync(new WebhookSettings { Secret = secret, MaxAgeSeconds = int.MaxValue }, cancellationToken);
        return vendor;
    }

    public override void Configure(Export export)
    {
        _audience = export.Name;
        export.Webhook = new WebhookExport { KeyAttribute = "Key", RowsPerRequest = RowsPerRequest, Attributes = { ["email"] = "Email", ["name"] = "Name" } };
    }

    // What a customer is found by is missing together with the address.
    public override IReadOnlyDictionary<string, AttributeValue> Profile(Customer customer) => new Dictionary<string, AttributeValue>
    {
        ["Key"] = TextOf(customer.Email.Length == 0 ? "" : customer.Key),
        ["Email"] = TextOf(customer.Email),
        ["Name"] = TextOf(customer.Name),
    };

    public override async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancellationToken) =>
        (await Control.MembersAsync(cancellationToken)).Where(member => member.Audience == _audience).ToDictionary(member => member.Key, member => (string?)member.Fields["name"] ?? "");

    public override async Task<IReadOnlyList<VendorRequest>> RequestsAsync(CancellationToken cancellationToken)
    {
        var requests = new List<VendorRequest>();
        foreach (var request in (await Control.JournalAsync(cancellationToken)).Where(request => request.Committed))
        {
            var lines = request.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
            requests.Add(new VendorRequest([.. lines.Select(KeyOf)], [.. lines.Where(line => (string?)line["op"] != "remove").Select(KeyOf)]));
        }

        return requests;
    }

    public override async Task AddForeignAsync(string key, CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"audience":"{{_audience}}","key":"{{key}}","fields":{},"op":"add"}""");
        var timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), (byte[])[.. Encoding.UTF8.GetBytes($"{timestamp}."), .. body]);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, Control.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        request.Headers.Add("CustomerInsights-Timestamp", timestamp);
        request.Headers.Add("CustomerInsights-Signature", $"v1={Convert.ToHexStringLower(signature)}");
        using var answer = await http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public override Task ForgetAsync(CancellationToken cancellationToken) => Control.ResetAsync(cancellationToken);

    public override Task InjectAsync(VendorFault fault, CancellationToken cancellationToken) =>
        Control.AddFaultAsync(ToRule(fault) with { Skip = fault.Skip, Count = fault.Count }, cancellationToken);

    public override Task HealAsync(CancellationToken cancellationToken) => Control.ClearFaultsAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        Control.Dispose();
        await _server.DisposeAsync();
    }

    private static FaultRule ToRule(VendorFault fault) => fault.Kind switch
    {
        VendorFaultKind.RefuseRow => new FaultRule { Kind = FaultKind.Reject, ExternalIds = [fault.Key], Reason = "key_unknown" },
        VendorFaultKind.RefuseRowUnnamed => new FaultRule { Kind = FaultKind.Reject, ExternalIds = [fault.Key], Indexed = false },
        _ => StandInFaults.Of(fault.Kind),
    };

    private static string KeyOf(JsonNode line) => (string)line["key"]!;

    private static AttributeValue TextOf(string text) => text.Length == 0 ? new AttributeValue() : new AttributeValue { StringValue = text };
}
