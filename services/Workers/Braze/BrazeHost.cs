using System.Text.RegularExpressions;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Workers.Braze;

/// <summary>Where requests may go: Braze's own hosts by TLS, a stand-in only if it is allowed by name (BRZ-3).</summary>
internal static partial class BrazeHost
{
    /// <summary>The address of a REST host, or a refusal.</summary>
    public static Result<Uri> Resolve(string host, IReadOnlyCollection<string> allowedSandboxHosts)
    {
        if (allowedSandboxHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            return new Uri($"http://{host}/");
        }

        return Shape().IsMatch(host)
            ? new Uri($"https://{host}/")
            : Refusal.Precondition(BrazeReasons.HostNotAllowed, BrazeReasons.Explain(BrazeReasons.HostNotAllowed));
    }

    [GeneratedRegex(@"\Arest\.[a-z0-9][a-z0-9-]{0,30}\.braze\.(com|eu)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
