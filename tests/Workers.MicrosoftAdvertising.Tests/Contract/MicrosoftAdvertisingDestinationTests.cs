using CustomerInsights.Destinations.Contract;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Contract;

/// <summary>By Apply calls.</summary>
public sealed class MicrosoftAdvertisingDestinationTests(Engine engine) : DestinationContract(engine)
{
    protected override async Task<Vendor> StartVendorAsync(CancellationToken cancellationToken) => await MicrosoftAdvertisingVendor.StartAsync(takesFiles: false, cancellationToken);
}

/// <summary>By the Bulk service.</summary>
public sealed class MicrosoftAdvertisingFilesTests(Engine engine) : DestinationContract(engine)
{
    protected override async Task<Vendor> StartVendorAsync(CancellationToken cancellationToken) => await MicrosoftAdvertisingVendor.StartAsync(takesFiles: true, cancellationToken);
}
