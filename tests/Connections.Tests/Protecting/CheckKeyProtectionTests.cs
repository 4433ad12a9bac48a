using CustomerInsights.Connections.Protecting;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.TestKit.Hosting;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.Connections.Tests.Protecting;

[Parallelizable(ParallelScope.All)]
public sealed class CheckKeyProtectionTests
{
    [Test]
    public void Production_without_a_certificate_is_refused() =>
        Assert.That(Problems(new KeyProtectionOptions(), development: false), Has.One.Contains("CertificatePath must be set"));

    [Test]
    public void Development_does_without() => Assert.That(Problems(new KeyProtectionOptions(), development: true), Is.Empty);

    [Test]
    public void Usable_certificates_are_accepted()
    {
        using var certificates = new Certificates();
        var (certificate, key) = certificates.Pem("second");
        Assert.That(Problems(new KeyProtectionOptions { CertificatePath = certificates.Pfx("first"), PasswordFile = certificates.PasswordFile }, development: false), Is.Empty);
        Assert.That(Problems(new KeyProtectionOptions { CertificatePath = certificate, KeyPath = key }, development: false), Is.Empty);
    }

    [Test]
    public void Everything_wrong_with_the_files_is_told()
    {
        using var certificates = new Certificates();
        var (certificate, _) = certificates.Pem("public-only");
        var problems = Problems(
            new KeyProtectionOptions
            {
                CertificatePath = certificates.Pfx("first"),
                PasswordFile = certificates.Write("wrong.txt", "wrong"),
                Previous = [new PreviousCertificate { CertificatePath = certificates.Write("none", "") + "-missing" }, new PreviousCertificate { CertificatePath = certificate }],
            },
            development: false);
        Assert.That(problems, Has.Count.EqualTo(3));
        Assert.That(problems, Has.None.Contains("wrong").And.None.Contains(Certificates.Password));
    }

    [Test]
    public void Service_does_not_start_with_an_unreadable_certificate()
    {
        var options = new HarnessOptions { Settings = new Dictionary<string, string?> { ["Connections:KeyProtection:CertificatePath"] = "nowhere.pfx" } };
        Assert.That(async () => await ServiceHarness.StartAsync(new ConnectionsApp(), options), Throws.TypeOf<StartRefusedException>().With.Message.Contains("the certificate cannot be read"));
    }

    [Test]
    public void Nonsense_in_the_options_is_told_at_start()
    {
        var options = new HarnessOptions
        {
            Settings = new Dictionary<string, string?>
            {
                ["Connections:AllowedSandboxHosts:0"] = "http://127.0.0.1:5090", ["Connections:VerifyTimeout"] = "00:05:00", ["Connections:KeyLifetime"] = "00:00:01",
            },
        };
        Assert.That(
            async () => await ServiceHarness.StartAsync(new ConnectionsApp(), options),
            Throws.TypeOf<StartRefusedException>().With.Message.Contains("VerifyTimeout").And.Message.Contains("KeyLifetime"));
    }

    private static List<string> Problems(KeyProtectionOptions protection, bool development)
    {
        var settings = new Dictionary<string, string?> { ["Authentication:Development:SigningKey"] = development ? "something" : null };
        var check = new CheckKeyProtection(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return [.. check.Validate(null, new ConnectionsOptions { KeyProtection = protection }).Failures ?? []];
    }
}
