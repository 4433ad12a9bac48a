using System.Text;
using CustomerInsights.Sandbox.Control;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;

/// <summary>
/// GET and POST /identity/authorize: a page with a form that asks who it is and whether the application may act for them, and
/// the way back to the application with a code, or with the reason for none.
/// </summary>
internal static class AuthorizeApplication
{
    private const int ChallengeLength = 43;
    private const string OfflineAccess = "offline_access";
    private static readonly TimeSpan CodeLife = TimeSpan.FromMinutes(5);

    public static VendorAnswer Ask(MicrosoftAdvertisingCall call) => Refuse(call) ?? AuthorizePage.Show(Query(call, "login_hint") ?? "", null);

    public static VendorAnswer Decide(MicrosoftAdvertisingCall call)
    {
        if (Refuse(call) is { } refused)
        {
            return refused;
        }

        var form = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(call.Body.Span));
        if (form.GetValueOrDefault("decision") != "accept")
        {
            return Return(call, "access_denied", "The user declined to grant access.");
        }

        var userName = form.GetValueOrDefault("user").ToString().Trim();
        if (call.Sandbox.FindUser(userName) is not { } user)
        {
            return AuthorizePage.Show(userName, "There is no such user.");
        }

        if (call.Sandbox.Settings.ConsentError is { } problem)
        {
            return Return(call, "invalid_client", problem);
        }

        var code = new PendingCode(user.UserName, Query(call, "scope")!, Query(call, "redirect_uri")!, Query(call, "code_challenge")!, call.Now + CodeLife);
        call.Committed = true;
        return Redirect(call, ("code", call.Sandbox.Grants.Promise(code)), ("state", Query(call, "state")));
    }

    private static VendorAnswer? Refuse(MicrosoftAdvertisingCall call)
    {
        // Without a trusted way back the person is told, not the application.
        if (Query(call, "client_id") != call.Sandbox.Options.ClientId)
        {
            return AuthorizePage.Problem("client_id names no registered application.");
        }

        if (!IsRegistered(call, Query(call, "redirect_uri")))
        {
            return AuthorizePage.Problem("redirect_uri is not registered for this application.");
        }

        var scopes = (Query(call, "scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (Query(call, "response_type"), Query(call, "response_mode")) switch
        {
            (not "code", _) => Return(call, "unsupported_response_type", "response_type must be code."),
            (_, not (null or "query")) => Return(call, "invalid_request", "response_mode must be query."),
            _ when !scopes.Contains(call.Sandbox.Options.Scope) => Return(call, "invalid_scope", $"scope must contain {call.Sandbox.Options.Scope}."),
            _ when !scopes.Contains(OfflineAccess) => Return(call, "invalid_scope", "scope must contain offline_access: without it there is no refresh token."),
            _ when Query(call, "state") is null => Return(call, "invalid_request", "state is missing."),
            _ when Query(call, "code_challenge_method") != "S256" => Return(call, "invalid_request", "code_challenge_method must be S256."),
            _ when Query(call, "code_challenge")?.Length != ChallengeLength => Return(call, "invalid_request", "code_challenge must have 43 characters."),
            _ => null,
        };
    }

    private static bool IsRegistered(MicrosoftAdvertisingCall call, string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && (call.Sandbox.Options.RedirectUris is not { } registered || registered.Contains(uri));

    private static VendorAnswer Return(MicrosoftAdvertisingCall call, string error, string description) =>
        Redirect(call, ("error", error), ("error_description", description), ("state", Query(call, "state")));

    private static VendorAnswer Redirect(MicrosoftAdvertisingCall call, params (string Name, string? Value)[] parameters)
    {
        var address = QueryHelpers.AddQueryString(
            Query(call, "redirect_uri")!,
            parameters.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Name, p.Value)));
        return new VendorAnswer(StatusCodes.Status302Found, default, "text/plain", address);
    }

    private static string? Query(MicrosoftAdvertisingCall call, string name) => call.Request.Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    private static StringValues GetValueOrDefault(this Dictionary<string, StringValues> form, string name) => form.TryGetValue(name, out var value) ? value : default;
}
