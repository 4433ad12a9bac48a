using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Contract;

public sealed class ScriptedDestinationTests(Engine engine) : DestinationContract(engine)
{
    protected override Task<Vendor> StartVendorAsync(CancellationToken cancellationToken) => Task.FromResult<Vendor>(new ScriptedVendor(ScriptedWay.Payloads));
}

/// <summary>All that is due is written down first, then goes by requests.</summary>
public sealed class ScriptedDueTests(Engine engine) : DestinationContract(engine)
{
    protected override Task<Vendor> StartVendorAsync(CancellationToken cancellationToken) => Task.FromResult<Vendor>(new ScriptedVendor(ScriptedWay.Due));
}

/// <summary>All that is due is written down first, then goes as files.</summary>
public sealed class ScriptedFilesTests(Engine engine) : DestinationContract(engine)
{
    protected override Task<Vendor> StartVendorAsync(CancellationToken cancellationToken) => Task.FromResult<Vendor>(new ScriptedVendor(ScriptedWay.Files));
}
