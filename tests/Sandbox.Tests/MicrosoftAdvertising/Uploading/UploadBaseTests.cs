namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

public sealed class UploadBaseTests : MicrosoftAdvertisingFixture
{
    protected override MicrosoftAdvertisingOptions Options => new() { UploadBase = new Uri("http://localhost:0/") };

    [Test]
    public async Task Files_go_to_another_host()
    {
        var (requestId, address) = await UploadUrlAsync();
        Assert.That(address, Does.StartWith($"http://localhost:{Server.Address.Port}/bulk-files/upload/"));
        Assert.That((await UploadAsync(address, Header)).Status, Is.EqualTo(200));
        Assert.That((string)(await StatusAsync(requestId))["ResultFileUrl"]!, Does.StartWith($"http://localhost:{Server.Address.Port}/bulk-files/result/"));
    }
}
