using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox;
using CustomerInsights.Sandbox.Braze.Controlling;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.TestKit;

namespace CustomerInsights.Workers.Braze.Contract;

/// <summary>The stand-in of Braze, as the contract suite sees it.</summary>
internal sealed class BrazeVendor : Vendor
{
    public const string Attribute = "vip-segment";

    private readonly SandboxServer _server;

    private BrazeVendor(SandboxServer server, string key) => (_server, Secret, Control) = (server, key, new BrazeControl(server.Address));

    public BrazeControl Control { get; }

    public override IServiceApp App { get; } = new BrazeApp();

    public override string Topic => Topics.BrazeRunRequested;

    public override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Braze:AllowedSandboxHosts:0"] = _server.Host,
        ["Braze:ObjectsPerRequest"] = $"{RowsPerRequest}",
        ["Braze:RequestsInFlight"] = $"{RequestsInFlight}",
    };

    public override Credential Credential => new() { Braze = new BrazeConnection { Host = _server.Host, ApiKey = Secret } };

    public override string Secret { get; }

    public override string NoAddressReason => BrazeReasons.EmailMissing;

    public override string RefusedReason => BrazeReasons.ExternalIdBlocked;

    public static async Task<BrazeVendor> StartAsync(CancellationToken cancellationToken)
    {
        var key = Some.Name("key");
        var server = await SandboxServer.StartAsync(new SandboxOptions { BrazeKeys = [new Sandbox.Braze.BrazeKey { Key = key }] }, cancellationToken);
        return new BrazeVendor(server, key);
    }

    public override void Configure(Export export) => export.Braze = new BrazeExport
    {
        SegmentApiIdentifier = Attribute,
        EmailAttribute = "Email",
        ExternalIdAttribute = "BrazeId",
        FieldAttributes = { ["first_name"] = "FirstName" },
    };

    public override IReadOnlyDictionary<string, AttributeValue> Profile(Customer customer) => new Dictionary<string, AttributeValue>
    {
        ["BrazeId"] = new() { StringValue = customer.Key },
        ["Email"] = customer.Email.Length == 0 ? new AttributeValue() : new AttributeValue { StringValue = customer.Email },
        ["FirstName"] = customer.Name.Length == 0 ? new AttributeValue() : new AttributeValue { StringValue = customer.Name },
    };

    public override async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancellationToken)
    {
        var members = new Dictionary<string, string>();
        await foreach (var user in Control.UsersAsync(cancellationToken))
        {
            if (user.Attributes.TryGetValue(Attribute, out var value) && value.GetBoolean())
            {
                members.Add(user.ExternalId!, user.Attributes.TryGetValue("first_name", out var name) ? name.GetString()! : "");
            }
        }

        return members;
    }

    public override async Task<IReadOnlyList<VendorRequest>> RequestsAsync(CancellationToken cancellationToken)
    {
        var requests = new List<VendorRequest>();
        await foreach (var request in Control.JournalAsync(0, cancellationToken))
        {
            if (request is { Committed: true, Body: { } body })
            {
                var objects = System.Text.Json.Nodes.JsonNode.Parse(body)!["attributes"]!.AsArray();
                var keys = objects.Select(o => (string)o!["external_id"]!).ToList();
                requests.Add(new VendorRequest(keys, [.. objects.Where(o => o![Attribute] is not null).Select(o => (string)o!["external_id"]!)]));
            }
        }

        return requests;
    }

    public override async Task AddForeignAsync(string key, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Address, "users/track"))
        {
            Content = new StringContent($$"""{"attributes":[{"external_id":"{{key}}","{{Attribute}}":true}]}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Secret}");
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
        VendorFaultKind.RefuseRow => new FaultRule { Kind = FaultKind.Reject, ExternalIds = [fault.Key] },
        VendorFaultKind.RefuseRowUnnamed => new FaultRule { Kind = FaultKind.Reject, ExternalIds = [fault.Key], Indexed = false },
        _ => StandInFaults.Of(fault.Kind),
    };
}
