using System.Text;
using System.Text.Encodings.Web;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;

/// <summary>The page that a person sees: who are you, and may the application act for you? Works without scripts.</summary>
internal static class AuthorizePage
{
    private const string Html = "text/html; charset=utf-8";

    public static VendorAnswer Show(string userName, string? problem) => Page(StatusCodes.Status200OK, $"""
        <p>The application asks to manage your Microsoft Advertising accounts, also while you are away.</p>
        {(problem is null ? "" : $"<p role=\"alert\" id=\"problem\">{Safe(problem)}</p>")}
        <form method="post">
        <p><label for="user">User</label> <input id="user" name="user" type="text" autocomplete="off" value="{Safe(userName)}"></p>
        <p><button id="accept" name="decision" value="accept">Accept</button> <button id="cancel" name="decision" value="cancel">Cancel</button></p>
        </form>
        """);

    public static VendorAnswer Problem(string text) => Page(StatusCodes.Status400BadRequest, $"<p role=\"alert\" id=\"problem\">{Safe(text)}</p>");

    private static VendorAnswer Page(int status, string content) => new(status, Encoding.UTF8.GetBytes($"""
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Sign in (sandbox)</title></head>
        <body>
        <h1>Sign in to the sandbox</h1>
        {content}
        </body>
        </html>

        """), Html);

    private static string Safe(string text) => HtmlEncoder.Default.Encode(text);
}
