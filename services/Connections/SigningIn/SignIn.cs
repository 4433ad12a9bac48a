using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>"environments/{environment}/signIns/{sign_in}", parsed at the door.</summary>
internal sealed record SignInName(string Environment, string Id)
{
    private const string Pattern = "environments/*/signIns/*";

    public static Result<SignInName> Parse(string name, string field = "name") => ResourceName.Parse(Pattern, name) is [var environment, var id]
        ? new SignInName(environment, id)
        : Refusal.Invalid(field, "must be the name of a sign-in: \"environments/{environment}/signIns/{sign_in}\".");

    public override string ToString() => $"environments/{Environment}/signIns/{Id}";
}

/// <summary>A sign-in of a person at an outside service.</summary>
/// <param name="Principal">Who began it, and alone may use it.</param>
/// <param name="Reason">One of <see cref="SignInProblem"/>; empty unless it failed.</param>
internal sealed record SignIn(SignInName Name, string Principal, SignInService Service, SignInState State, string Reason, DateTimeOffset ExpiresAt)
{
    /// <summary>What the person granted; empty before.</summary>
    public string GrantId { get; init; } = "";

    /// <summary>Hash of the cookie of the browser that followed the link; empty before.</summary>
    public string BrowserHash { get; init; } = "";

    /// <summary>The code verifier, encrypted for <see cref="VerifierPlace"/>.</summary>
    public string Verifier { get; init; } = "";

    public string VerifierPlace => PlaceOf(Name);

    public static string PlaceOf(SignInName name) => $"{name}#verifier";
}

/// <summary>Why a sign-in failed: machine-readable, and in words with the remedy. Never in the words of the service.</summary>
internal static class SignInProblem
{
    public const string Declined = "SIGN_IN_DECLINED";
    public const string TenantLacksService = "TENANT_LACKS_SERVICE";
    public const string Misconfigured = "SIGN_IN_MISCONFIGURED";
    public const string Unreachable = "SIGN_IN_SERVICE_UNREACHABLE";
    public const string Refused = "SIGN_IN_REFUSED";

    public static string Explain(string reason) => reason switch
    {
        "" => "",
        Declined => "The person did not agree. Begin another sign-in and agree to what is asked.",
        TenantLacksService => "The organization of the person does not know Microsoft Advertising. An administrator of the organization adds the service principal of the application d42ffc93-c136-491d-b4fd-6f18168c68fd and grants consent; then begin another sign-in.",
        Misconfigured => "The service does not accept this installation's registration. An operator checks ClientId, ClientSecret, Scope and the redirect address of Connections:MicrosoftAdvertising; then begin another sign-in.",
        Unreachable => "The service could not be reached, or did not answer as it should. Begin another sign-in later.",
        Refused => "The service refused the sign-in. Begin another one; if it happens again, sign in with another account.",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), "is none of the known reasons."),
    };
}
