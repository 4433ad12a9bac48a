using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Contract;

/// <summary>What destinations share, proven without any vendor's wire.</summary>
public sealed class ScriptedDestinationTests(Engine engine) : DestinationContract(engine)
{
    protected override Task<Vendor> StartVendorAsync(CancellationToken cancellationToken) => Task.FromResult<Vendor>(new ScriptedVendor());
}
