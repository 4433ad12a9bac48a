using System.Net.Mime;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>The addresses that a browser visits, and the small pages it sees. Nothing of a request ever appears in a page.</summary>
internal sealed class SignInPages(FollowLink follow, CompleteSignIn complete, SignInAddresses addresses)
{
    private static readonly TimeSpan CookieLifetime = TimeSpan.FromMinutes(15);

    public static void Map(IEndpointRouteBuilder http)
    {
        http.MapGet($"/{SignInAddresses.LinkPath}/{{link}}", (SignInPages pages, HttpContext context, string link) => pages.FollowAsync(context, link));
        http.MapGet(
            $"/{SignInAddresses.CallbackPath}",
            (SignInPages pages, HttpContext context, string? state, string? code, string? error, string? error_description) =>
                pages.ReturnAsync(context, new SignInAnswer(state ?? "", code ?? "", error ?? "", error_description ?? "")));
    }

    private async Task<IResult> FollowAsync(HttpContext context, string link)
    {
        Protect(context.Response);
        if (await follow.RunAsync(link, context.RequestAborted) is not { } visit)
        {
            return Page(StatusCodes.Status404NotFound, "This link does not work", "It has expired, or was opened before. Begin another sign-in.");
        }

        context.Response.Cookies.Append(CookieOf(visit.Name), visit.Cookie, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = addresses.IsSecure,
            Path = addresses.CookiePath,
            MaxAge = CookieLifetime,
        });
        return Results.Redirect(visit.Next.AbsoluteUri);
    }

    private async Task<IResult> ReturnAsync(HttpContext context, SignInAnswer answer)
    {
        Protect(context.Response);
        return await complete.RunAsync(answer, name => context.Request.Cookies[CookieOf(name)], context.RequestAborted) switch
        {
            SignInReturn.SignedIn => Page(StatusCodes.Status200OK, "Signed in", "Go back to CustomerInsights and save the connection. You can close this page."),
            SignInReturn.Failed => Page(StatusCodes.Status200OK, "Not signed in", "CustomerInsights tells why and what to do. You can close this page."),
            SignInReturn.OtherBrowser => Page(StatusCodes.Status400BadRequest, "Another browser", "Finish the sign-in in the browser in which you opened the link."),
            _ => Page(StatusCodes.Status400BadRequest, "No sign-in is waiting", "It has expired, or is over. Begin another sign-in."),
        };
    }

    // No script, style, frame or form; nothing of the address goes on to anybody, nothing stays in a cache.
    private static void Protect(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.XFrameOptions = "DENY";
    }

    private static IResult Page(int status, string title, string text) => Results.Content(
        $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n",
        MediaTypeNames.Text.Html,
        System.Text.Encoding.UTF8,
        status);

    private static string CookieOf(SignInName name) => $"sign-in-{name.Id}";
}
