using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Section "Web": calls from browsers.</summary>
internal sealed class WebOptions : IValidatableObject
{
    public const string Section = "Web";
    public const string Everywhere = "*";

    /// <value>
    /// Origins of the web pages that may call from a browser, such as https://studio.example.com; "*" alone for all pages.
    /// Default: none, so that only pages of the process's own origin can.
    /// </value>
    public List<string> AllowedOrigins { get; } = [];

    public bool AllowsEverywhere => AllowedOrigins is [Everywhere];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!AllowsEverywhere && !AllowedOrigins.TrueForAll(IsOrigin))
        {
            yield return new($"{Section}:AllowedOrigins must be origins such as https://studio.example.com, without a path, or \"*\" alone.");
        }
    }

    // What a browser sends as "origin", which a path or a slash at the end never is.
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && !text.Contains('*', StringComparison.Ordinal)
        && string.Equals(text.TrimEnd('/'), text, StringComparison.Ordinal)
        && uri is { PathAndQuery: "/", UserInfo: "", Fragment: "" };
}
