using System.Collections.Concurrent;
using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.ServiceDefaults.Hosting;
using VendorOptions = CustomerInsights.Sandbox.MicrosoftAdvertising.MicrosoftAdvertisingOptions;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Contract;

/// <summary>The stand-in of Microsoft Advertising, as the contract suite sees it. A member is the hash of an address made from its key.</summary>
internal sealed class MicrosoftAdvertisingVendor : Vendor
{
    private const string List = "first";

    private readonly SandboxServer _server;
    private readonly bool _takesFiles;
    private readonly ConcurrentDictionary<string, string> _keys = new();

    private MicrosoftAdvertisingVendor(SandboxServer server, MicrosoftAdvertisingControl control, string token, bool takesFiles) =>
        (_server, Control, Secret, _takesFiles) = (server, control, token, takesFiles);

    public MicrosoftAdvertisingControl Control { get; }

    /// <summary>How the stand-in behaves unless a test says otherwise.</summary>
    public static MicrosoftAdvertisingSettings Behaviour { get; } = new() { Journal = JournalMode.Ids, AccessTokenSeconds = int.MaxValue };

    public override bool CarriesValues => false;

    public override bool WritesDown => true;

    public override bool TakesFiles => _takesFiles;

    public override bool NoticesLoss => true;

    public override IServiceApp App { get; } = new MicrosoftAdvertisingApp();

    public override string Topic => Topics.MicrosoftAdvertisingRunRequested;

    public override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["MicrosoftAdvertising:CampaignAddress"] = Control.CampaignAddress.AbsoluteUri,
        ["MicrosoftAdvertising:BulkAddress"] = Control.BulkAddress.AbsoluteUri,
        ["MicrosoftAdvertising:AllowedSandboxHosts:0"] = _server.Host,
        ["MicrosoftAdvertising:ItemsPerRequest"] = $"{RowsPerRequest}",
        ["MicrosoftAdvertising:RequestsInFlight"] = $"{RequestsInFlight}",
        ["MicrosoftAdvertising:FileFrom"] = _takesFiles ? "1" : "1000000",
        ["MicrosoftAdvertising:FirstAsk"] = "00:00:00.020",
        ["MicrosoftAdvertising:LongestAsk"] = "00:00:00.020",
    };

    public override Credential Credential => new()
    {
        MicrosoftAdvertising = new MicrosoftAdvertisingCredential { AccessToken = Secret, DeveloperToken = VendorOptions.DefaultDeveloperToken },
    };

    public override string Secret { get; }

    public override string NoAddressReason => MicrosoftAdvertisingReasons.EmailMissing;

    public override string RefusedReason => MicrosoftAdvertisingReasons.ItemRefused;

    /// <param name="time">The vendor's clock; null for the system's. Tokens outlive whatever it is set to.</param>
    public static async Task<MicrosoftAdvertisingVendor> StartAsync(bool takesFiles, CancellationToken cancellationToken, TimeProvider? time = null)
    {
        var server = await SandboxServer.StartAsync(new SandboxOptions { Time = time ?? TimeProvider.System }, cancellationToken);
        var control = new MicrosoftAdvertisingControl(server.Address);
        await control.SetAsync(Behaviour, cancellationToken);
        return new MicrosoftAdvertisingVendor(server, control, (await control.GrantAsync(cancellationToken)).AccessToken, takesFiles);
    }

    public override void Configure(Export export)
    {
        export.Segments.RemoveAt(1);
        export.MicrosoftAdvertising = new MicrosoftAdvertisingExport
        {
            CustomerId = $"{VendorOptions.DefaultCustomerId}",
            AccountId = $"{VendorOptions.DefaultAccountId}",
            EmailAttribute = "Email",
            OnDeselect = MicrosoftAdvertisingOnDeselect.Empty,
        };
    }

    public override void Redefine(Export export) => export.MicrosoftAdvertising.EmailAttribute = "Address";

    public override string AddressOf(Customer customer) => AddressOf(customer.Key);

    public override string StoredKeyOf(Customer customer) => Hash(customer.Key);

    public override IReadOnlyDictionary<string, AttributeValue> Profile(Customer customer)
    {
        var address = customer.Email.Length == 0 ? new AttributeValue() : new AttributeValue { StringValue = AddressOf(customer) };
        Hash(customer.Key);
        return new Dictionary<string, AttributeValue> { ["Email"] = address, ["Address"] = address };
    }

    public override async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancellationToken)
    {
        var members = new Dictionary<string, string>();
        if (await Control.FindListAsync(List, cancellationToken) is { } list)
        {
            await foreach (var hash in Control.MembersAsync(list.Id, cancellationToken))
            {
                members.Add(_keys[hash], "");
            }
        }

        return members;
    }

    public override async Task<IReadOnlyList<VendorRequest>> RequestsAsync(CancellationToken cancellationToken)
    {
        var requests = new List<VendorRequest>();
        await foreach (var entry in Control.JournalAsync(0, cancellationToken))
        {
            if (entry is { Committed: true, Hashes: { } hashes, Operation: MicrosoftAdvertisingOperations.ApplyCustomerListUserData or MicrosoftAdvertisingOperations.ProcessBulkFile })
            {
                var keys = hashes.Select(hash => _keys[hash]).ToList();
                requests.Add(new VendorRequest(keys, entry.Action == "Remove" ? [] : keys));
            }
        }

        return requests;
    }

    public override async Task AddForeignAsync(string key, CancellationToken cancellationToken)
    {
        var list = await Control.FindListAsync(List, cancellationToken);
        await Control.AddMembersAsync(list!.Id, [Hash(key)], cancellationToken);
    }

    public override Task ForgetAsync(CancellationToken cancellationToken) => Control.ResetAsync(cancellationToken);

    public override async Task InjectAsync(VendorFault fault, CancellationToken cancellationToken)
    {
        var rule = ToRule(fault) with { Skip = _takesFiles ? 0 : fault.Skip, Count = fault.Count };
        await Control.AddFaultAsync(rule with { Operation = _takesFiles ? MicrosoftAdvertisingOperations.UploadBulkFile : MicrosoftAdvertisingOperations.ApplyCustomerListUserData }, cancellationToken);

        // The answer to a file is lost as long as that to the question about it is; and who is refused in a file is also refused alone.
        var other = fault.Kind switch
        {
            VendorFaultKind.DroppedAfter => MicrosoftAdvertisingOperations.GetBulkUploadStatus,
            VendorFaultKind.RefuseRow or VendorFaultKind.RefuseRowUnnamed => MicrosoftAdvertisingOperations.ApplyCustomerListUserData,
            _ => null,
        };
        if (_takesFiles && other is not null)
        {
            await Control.AddFaultAsync(rule with { Operation = other }, cancellationToken);
        }
    }

    // Allowances are of customers.
    public override async Task UseAnotherAccountAsync(Export export, CancellationToken cancellationToken)
    {
        var (customerId, accountId) = (VendorOptions.DefaultCustomerId + 1, VendorOptions.DefaultAccountId + 1);
        await Control.DefineAccountAsync(new AdAccount { CustomerId = customerId, AccountId = accountId }, cancellationToken);
        await Control.DefineUserAsync(new AdUser { UserName = VendorOptions.DefaultUser, UserId = 3_000_001, AccountIds = [VendorOptions.DefaultAccountId, accountId] }, cancellationToken);
        (export.MicrosoftAdvertising.CustomerId, export.MicrosoftAdvertising.AccountId) = ($"{customerId}", $"{accountId}");
    }

    public override async Task<bool> HasMetFaultAsync(CancellationToken cancellationToken) =>
        (await Control.ListFaultsAsync(cancellationToken)).Any(fault => fault.Hits > 0);

    public override Task HealAsync(CancellationToken cancellationToken) => Control.ClearFaultsAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        Control.Dispose();
        await _server.DisposeAsync();
    }

    private FaultRule ToRule(VendorFault fault) => fault.Kind switch
    {
        VendorFaultKind.RefuseRow => new FaultRule { Kind = FaultKind.Reject, Hashes = [Hash(fault.Key)] },
        VendorFaultKind.RefuseRowUnnamed => new FaultRule { Kind = FaultKind.Reject, Hashes = [Hash(fault.Key)], Indexed = false },
        VendorFaultKind.Unauthorized => new FaultRule { Kind = FaultKind.Refuse, Code = 105 },
        VendorFaultKind.Forbidden => new FaultRule { Kind = FaultKind.Refuse, Code = 120 },
        VendorFaultKind.Slow when _takesFiles => new FaultRule { Kind = FaultKind.Delay, DelayMilliseconds = 2_000 },
        _ => StandInFaults.Of(fault.Kind),
    };

    private string Hash(string key)
    {
        var hash = HashedEmail.Of(AddressOf(key));
        _keys[hash] = key;
        return hash;
    }

    private static string AddressOf(string key) => $"{key}@example.com";
}
