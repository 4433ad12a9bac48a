using System.Text.RegularExpressions;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.Workers.MicrosoftAdvertising.Staging;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>What is special to Microsoft Advertising and must not be seen: the addresses that it names for files open a door.</summary>
public sealed partial class LeakingTests(Engine engine) : AdvertisingTests(engine)
{
    [Test]
    public async Task A_refused_request_is_logged_by_what_it_is_and_not_by_its_address()
    {
        await StartAsync(byFile: true);
        Stage.Put(Customer.Many(4));
        foreach (var operation in new[] { MicrosoftAdvertisingOperations.GetBulkUploadUrl, MicrosoftAdvertisingOperations.UploadBulkFile, MicrosoftAdvertisingOperations.GetBulkUploadStatus })
        {
            await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = 0, Operation = operation, Count = 1 }, Token);
        }

        await SucceedAsync();
        var logged = Stage.Worker.Logs.Records.Select(record => Operation().Match(record.Text)).Where(match => match.Success).Select(match => match.Groups[1].Value);
        Assert.That(logged, Is.EquivalentTo(new[] { "BulkUploadUrl/Query", "upload", "BulkUploadStatus/Query" }));
    }

    [GeneratedRegex("answered (\\S+) with status")]
    private static partial Regex Operation();
}
