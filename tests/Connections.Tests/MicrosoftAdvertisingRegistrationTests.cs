using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.Connections.Tests;

[Parallelizable(ParallelScope.All)]
internal sealed class MicrosoftAdvertisingRegistrationTests
{
    private static IEnumerable<TestCaseData> Cases()
    {
        yield return Case("nothing", _ => { }, null);
        yield return Case("complete", o => (o.MicrosoftAdvertising.ClientId, o.MicrosoftAdvertising.ClientSecret, o.MicrosoftAdvertising.DeveloperTokenFile) = ("id", "secret", "file"), null);
        yield return Case("sandbox", o => o.MicrosoftAdvertising.TokenAddress = "http://127.0.0.1:5090/identity/token", null);
        yield return Case("client_without_secret", o => (o.MicrosoftAdvertising.ClientId, o.MicrosoftAdvertising.DeveloperToken) = ("id", "token"), "ClientSecretFile");
        yield return Case("client_without_developer_token", o => (o.MicrosoftAdvertising.ClientId, o.MicrosoftAdvertising.ClientSecret) = ("id", "secret"), "DeveloperTokenFile");
        yield return Case("two_secrets", o => (o.MicrosoftAdvertising.ClientId, o.MicrosoftAdvertising.ClientSecret, o.MicrosoftAdvertising.ClientSecretFile, o.MicrosoftAdvertising.DeveloperToken) = ("id", "secret", "file", "token"), "ClientSecretFile");
        yield return Case("token_in_clear", o => o.MicrosoftAdvertising.TokenAddress = "http://login.example.com/token", "TokenAddress");
        yield return Case("no_address", o => o.MicrosoftAdvertising.CustomerAddress = "clientcenter", "CustomerAddress");
        yield return Case("public_address", o => o.PublicAddress = "https://insights.example.com/", null);
        yield return Case("public_address_without_slash", o => o.PublicAddress = "https://insights.example.com", "PublicAddress");
        yield return Case("public_address_of_another_kind", o => o.PublicAddress = "ftp://insights.example.com/", "PublicAddress");
    }

    [TestCaseSource(nameof(Cases))]
    public void Complaints_name_the_setting(Action<ConnectionsOptions> change, string? setting)
    {
        var options = new ConnectionsOptions { AllowedSandboxHosts = ["127.0.0.1:5090"] };
        change(options);
        var complaints = options.Validate(new ValidationContext(options)).Select(complaint => complaint.ErrorMessage).ToList();
        Assert.That(complaints, Has.Count.EqualTo(setting is null ? 0 : 1));
        Assert.That(complaints, setting is null ? Is.Empty : Has.All.Contains(setting));
    }

    [Test]
    public void Secrets_in_files_are_read_at_each_use()
    {
        var file = Path.GetTempFileName();
        var registration = new MicrosoftAdvertisingRegistration { ClientSecretFile = file, DeveloperTokenFile = file };
        File.WriteAllText(file, "first\n");
        Assert.That((registration.ReadClientSecret().Value, registration.ReadDeveloperToken().Value), Is.EqualTo(("first", "first")));
        File.WriteAllText(file, "second");
        Assert.That(registration.ReadClientSecret().Value, Is.EqualTo("second"));
        File.Delete(file);
    }

    private static TestCaseData Case(string name, Action<ConnectionsOptions> change, string? setting) => new TestCaseData(change, setting).SetArgDisplayNames(name);
}
