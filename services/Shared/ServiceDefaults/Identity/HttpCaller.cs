using Microsoft.AspNetCore.Http;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>The caller of a request on the HTTP/1.1 port.</summary>
public static class HttpCaller
{
    /// <summary>The caller of an endpoint added by MapHttp.</summary>
    public static Caller Of(HttpContext context) =>
        context.Items.TryGetValue(typeof(Caller), out var caller) && caller is Caller known ? known : throw new InvalidOperationException("The request was not authenticated.");
}

/// <summary>Lets authenticated callers in; 401 for others, 503 when their token cannot be checked.</summary>
internal sealed class RequireCaller(TokenVerifier tokens) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var verified = await tokens.VerifyAsync(http.Request.Headers.Authorization, http.RequestAborted);
        if (verified.Refusal is { } refusal)
        {
            return Results.Text(
                refusal.Message + "\n",
                statusCode: refusal.Kind == Errors.RefusalKind.Unavailable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status401Unauthorized);
        }

        http.Items[typeof(Caller)] = verified.Value;
        return await next(context);
    }
}
