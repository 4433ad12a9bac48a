using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Defining;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests;

/// <summary>Settings of exports that are right unless a test makes them wrong.</summary>
internal static class Settings
{
    public static BrazeExport BrazeMessage(Action<BrazeExport>? change = null)
    {
        var braze = new BrazeExport { SegmentApiIdentifier = "vip-2026", EmailAttribute = "Email", ExternalIdAttribute = "BrazeId" };
        change?.Invoke(braze);
        return braze;
    }

    public static MicrosoftAdvertisingExport MicrosoftAdvertisingMessage(Action<MicrosoftAdvertisingExport>? change = null)
    {
        var settings = new MicrosoftAdvertisingExport { CustomerId = "1000001", AccountId = "2000001", EmailAttribute = "Email" };
        change?.Invoke(settings);
        return settings;
    }

    public static DestinationSettings MicrosoftAdvertising(Action<MicrosoftAdvertisingExport>? change = null) =>
        new MicrosoftAdvertisingDestinationType().Read(new Wire.Export { MicrosoftAdvertising = MicrosoftAdvertisingMessage(change) })!;

    public static DestinationSettings Braze(Action<BrazeExport>? change = null) =>
        new BrazeDestinationType().Read(new Wire.Export { Braze = BrazeMessage(change) })!;
}
