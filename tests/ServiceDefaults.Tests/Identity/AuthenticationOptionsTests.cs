using System.ComponentModel.DataAnnotations;
using CustomerInsights.ServiceDefaults.Identity;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

[Parallelizable(ParallelScope.All)]
public sealed class AuthenticationOptionsTests
{
    [Test]
    public void Production_needs_people_and_processes()
    {
        var problems = Problems(new AuthenticationOptions { Authority = "http://login.example.com" });
        Assert.That(problems, Has.Count.EqualTo(4));
        Assert.That(problems, Has.One.Contains("Authentication:Authority").And.One.Contains("Authentication:Audience").And.One.Contains("TokenFile").And.One.Contains("Subjects"));
    }

    [Test]
    public void Complete_production_settings_are_accepted()
    {
        Assert.That(Problems(Production(("segments", "a"), ("exports", "b"))), Is.Empty);
        Assert.That(Problems(Production(("segments", "a"), ("exports", "a"))), Has.One.Contains("each its own"));
    }

    [TestCase("c2hvcnQ=")]
    [TestCase("not base64!")]
    public void Weak_development_key_is_refused(string key) =>
        Assert.That(Problems(new AuthenticationOptions { Development = { SigningKey = key } }), Has.One.Contains("at least 32 bytes"));

    [Test]
    public void Both_issuers_at_once_are_refused() => Assert.That(
        Problems(new AuthenticationOptions { Authority = "https://login.example.com", Development = { SigningKey = Convert.ToBase64String(new byte[32]) } }),
        Has.One.Contains("not both"));

    private static AuthenticationOptions Production(params (string AppId, string Subject)[] subjects)
    {
        var options = new AuthenticationOptions
        {
            Authority = "https://login.example.com", Audience = "customerinsights",
            ServiceIdentity = { Authority = "https://cluster.example.com", Audience = "customerinsights", TokenFile = "/var/run/token" },
        };
        foreach (var (appId, subject) in subjects)
        {
            options.ServiceIdentity.Subjects.Add(appId, subject);
        }

        return options;
    }

    private static List<string?> Problems(AuthenticationOptions options) => [.. options.Validate(new ValidationContext(options)).Select(result => result.ErrorMessage)];
}
