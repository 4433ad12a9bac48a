using System.Net;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>/dev/token on the HTTP port: hands out tokens of the development issuer, as plain text.</summary>
internal static class DevelopmentTokens
{
    private const string Path = "/dev/token";
    private const string GroupPrefix = "group:";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    public static void Add(ServiceBuilder desk, ListenAddresses listen)
    {
        if (IdentityComposition.AddOptions(desk, listen).Development.TryReadKey() is not { } key)
        {
            return;
        }

        desk.Services.AddSingleton(services => new DevelopmentIssuer(key, services.GetRequiredService<TimeProvider>()));

        // No web page of another origin may read a token, whatever it may call.
        desk.MapOpen(endpoints => endpoints.MapMethods(Path, [HttpMethods.Get, HttpMethods.Post], Issue).WithMetadata(new DisableCorsAttribute()));
    }

    // Never a service: those sign for themselves.
    private static IResult Issue(DevelopmentIssuer issuer, HttpRequest request, string? user, string? application, string? groups, bool? platform_administrator)
    {
        // A web page that makes its own host name resolve to this machine must not get a token.
        if (!IsLoopback(request.Host.Host))
        {
            return Results.Text("Ask by a loopback address.\n", statusCode: StatusCodes.Status403Forbidden);
        }

        var principal = (user, application) switch
        {
            ({ Length: > 0 }, null) => $"user:{user}",
            (null, { Length: > 0 }) => $"application:{application}",
            _ => null,
        };
        var members = (groups ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(group => group.StartsWith(GroupPrefix, StringComparison.Ordinal) ? group : GroupPrefix + group).ToList();
        if (principal is null || !PrincipalName.IsValid(principal) || !members.TrueForAll(member => PrincipalName.IsValid(member)))
        {
            return Results.Text("Give one of user and application, and perhaps groups (a,b) and platform_administrator (true): /dev/token?user=ada\n", statusCode: StatusCodes.Status400BadRequest);
        }

        return Results.Text(issuer.Sign(new Caller(principal, members) { IsPlatformAdministrator = platform_administrator == true }, Lifetime) + "\n");
    }

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
