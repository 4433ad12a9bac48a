using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Workers.Braze.Contract;

public sealed class BrazeDestinationTests(Engine engine) : DestinationContract(engine)
{
    protected override async Task<Vendor> StartVendorAsync(CancellationToken cancellationToken)
    {
        var vendor = await BrazeVendor.StartAsync(cancellationToken);
        await vendor.Control.SetAsync(new Sandbox.Braze.BrazeSettings { Journal = JournalMode.Bodies }, cancellationToken);
        return vendor;
    }
}
