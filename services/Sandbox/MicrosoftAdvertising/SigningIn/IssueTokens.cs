using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Sandbox.Control;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;

/// <summary>POST /identity/token: tokens for a code with its verifier, or for a refresh token, which is replaced by a new one.</summary>
internal static class IssueTokens
{
    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        if (call.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
        {
            return Refuse(call, "invalid_request", "AADSTS900144: The body must be form-encoded.");
        }

        var form = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(call.Body.Span));
        if (One(form, "client_id") != call.Sandbox.Options.ClientId)
        {
            return Refuse(call, "invalid_client", "AADSTS700016: The application was not found.", StatusCodes.Status401Unauthorized);
        }

        if (One(form, "client_secret") != call.Sandbox.Options.ClientSecret)
        {
            return Refuse(call, "invalid_client", "AADSTS7000215: The client secret is missing or wrong.", StatusCodes.Status401Unauthorized);
        }

        return One(form, "grant_type") switch
        {
            "authorization_code" => ForCode(call, form),
            "refresh_token" => ForRefreshToken(call, form),
            null => Refuse(call, "invalid_request", "AADSTS900144: grant_type is missing."),
            _ => Refuse(call, "unsupported_grant_type", "AADSTS70003: grant_type must be authorization_code or refresh_token."),
        };
    }

    private static VendorAnswer ForCode(MicrosoftAdvertisingCall call, Dictionary<string, StringValues> form)
    {
        if (One(form, "code") is not { } value || One(form, "redirect_uri") is not { } redirectUri || One(form, "code_verifier") is not { } verifier)
        {
            return Refuse(call, "invalid_request", "AADSTS900144: code, redirect_uri and code_verifier are needed.");
        }

        if (call.Sandbox.Grants.Redeem(value, call.Now) is not { } code)
        {
            return Refuse(call, "invalid_grant", "AADSTS70008: The code is unknown, used or expired.");
        }

        if (code.RedirectUri != redirectUri)
        {
            return Refuse(call, "invalid_grant", "AADSTS50011: redirect_uri is not the one of the sign-in.");
        }

        return Challenge(verifier) == code.Challenge
            ? Answer(call, call.Sandbox.Grants.Open(code.UserName, code.Scope, call.Sandbox.Settings, call.Now).Tokens)
            : Refuse(call, "invalid_grant", "AADSTS501481: code_verifier does not match the code_challenge of the sign-in.");
    }

    private static VendorAnswer ForRefreshToken(MicrosoftAdvertisingCall call, Dictionary<string, StringValues> form)
    {
        if (One(form, "refresh_token") is not { } value)
        {
            return Refuse(call, "invalid_request", "AADSTS900144: refresh_token is missing.");
        }

        var wanted = (One(form, "scope") ?? call.Sandbox.Options.Scope).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!wanted.Contains(call.Sandbox.Options.Scope))
        {
            return Refuse(call, "invalid_scope", $"AADSTS70011: scope must contain {call.Sandbox.Options.Scope}.");
        }

        return call.Sandbox.Grants.Refresh(value, call.Sandbox.Settings, call.Now) is { } tokens
            ? Answer(call, tokens)
            : Refuse(call, "invalid_grant", "AADSTS70008: The refresh token is unknown, used up, expired or revoked.");
    }

    private static string Challenge(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    private static VendorAnswer Answer(MicrosoftAdvertisingCall call, IssuedTokens tokens)
    {
        call.Committed = true;
        return JsonAnswers.Write(StatusCodes.Status200OK, tokens, static (writer, issued) =>
        {
            writer.WriteString("token_type"u8, "Bearer"u8);
            writer.WriteString("scope"u8, issued.Scope);
            writer.WriteNumber("expires_in"u8, issued.ExpiresIn);
            writer.WriteNumber("ext_expires_in"u8, issued.ExpiresIn);
            writer.WriteString("access_token"u8, issued.AccessToken);
            writer.WriteString("refresh_token"u8, issued.RefreshToken);
        });
    }

    private static VendorAnswer Refuse(MicrosoftAdvertisingCall call, string error, string description, int status = StatusCodes.Status400BadRequest) =>
        JsonAnswers.Write(status, (error, description, call), static (writer, state) =>
        {
            writer.WriteString("error"u8, state.error);
            writer.WriteString("error_description"u8, state.description);
            writer.WriteString("timestamp"u8, state.call.Now);
            writer.WriteString("trace_id"u8, state.call.TrackingId);
        });

    private static string? One(Dictionary<string, StringValues> form, string name) =>
        form.TryGetValue(name, out var values) && values is [{ Length: > 0 } value] ? value : null;
}
