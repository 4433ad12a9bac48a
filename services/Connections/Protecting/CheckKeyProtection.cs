using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Protecting;

/// <summary>Refuses a start with an unusable certificate, and in production one without any.</summary>
internal sealed class CheckKeyProtection(IConfiguration configuration) : IValidateOptions<ConnectionsOptions>
{
    private const string DevelopmentKey = "Authentication:Development:SigningKey";

    public ValidateOptionsResult Validate(string? name, ConnectionsOptions options)
    {
        var problems = KeyCertificates.FindProblems(options.KeyProtection).ToList();
        if (string.IsNullOrEmpty(options.KeyProtection.CertificatePath) && string.IsNullOrEmpty(configuration[DevelopmentKey]))
        {
            problems.Add($"{KeyProtectionOptions.Section}:CertificatePath must be set: without it the keys of all credentials would lie in clear beside them. (Only the development issuer does without.)");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
