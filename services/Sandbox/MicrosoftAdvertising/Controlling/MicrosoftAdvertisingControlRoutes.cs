using System.Globalization;
using CustomerInsights.Sandbox.Control;
using static CustomerInsights.Sandbox.Control.ControlEndpoints;
using Json = CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling.MicrosoftAdvertisingJson;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

/// <summary>The stand-in's own API: no authentication, since it listens on loopback only.</summary>
internal static class MicrosoftAdvertisingControlRoutes
{
    public static void Map(IEndpointRouteBuilder root, MicrosoftAdvertisingSandbox sandbox)
    {
        var routes = root.MapGroup("/sandbox/microsoft-advertising");
        MapSetUp(routes, sandbox);
        MapGrants(routes, sandbox);
        MapLists(routes, sandbox);
        MapFaults(routes, sandbox);
        MapReading(routes, sandbox);
    }

    private static void MapSetUp(RouteGroupBuilder routes, MicrosoftAdvertisingSandbox sandbox)
    {
        routes.On("GET", "/settings", _ => Show(sandbox.Settings, Json.Default.MicrosoftAdvertisingSettings));
        routes.OnJson("PATCH", "/settings", _ => sandbox.Settings, Json.Default.MicrosoftAdvertisingSettings, (_, settings) =>
        {
            if (string.Join(' ', settings.Problems()) is { Length: > 0 } problems)
            {
                return Problem(problems);
            }

            sandbox.Settings = settings;
            return Show(settings, Json.Default.MicrosoftAdvertisingSettings);
        });
        routes.On("GET", "/accounts", _ => Show(sandbox.Accounts, Json.Default.IReadOnlyListAdAccount));
        routes.OnJson("POST", "/accounts", _ => new AdAccount { CustomerId = 0, AccountId = 0 }, Json.Default.AdAccount, (_, account) =>
        {
            if (account.CustomerId < 1 || account.AccountId < 1)
            {
                return Problem("customer_id and account_id must be 1 or more.");
            }

            sandbox.Define(account);
            return Results.NoContent();
        });
        routes.On("GET", "/users", _ => Show(sandbox.Users, Json.Default.IReadOnlyListAdUser));
        routes.OnJson("POST", "/users", _ => new AdUser { UserName = "", UserId = 0 }, Json.Default.AdUser, (_, user) =>
        {
            if (user.UserName.Length == 0 || user.UserId < 1)
            {
                return Problem("user_name must not be empty; user_id must be 1 or more.");
            }

            sandbox.Define(user);
            return Results.NoContent();
        });
        routes.On("POST", "/reset", _ => Done(sandbox.Reset));
    }

    private static void MapGrants(RouteGroupBuilder routes, MicrosoftAdvertisingSandbox sandbox)
    {
        routes.OnJson("POST", "/grants", _ => new NewGrant(), Json.Default.NewGrant, (_, wanted) =>
        {
            if (sandbox.FindUser(wanted.UserName) is not { } user)
            {
                return Problem("user_name names no user; see GET users.");
            }

            var (id, tokens) = sandbox.Grants.Open(user.UserName, $"{sandbox.Options.Scope} offline_access", sandbox.Settings, sandbox.Time.GetUtcNow());
            return Show(new GrantView(id, tokens.AccessToken, tokens.RefreshToken), Json.Default.GrantView);
        });
        routes.OnJson("POST", "/grants/revoke", _ => new RevokedGrants(), Json.Default.RevokedGrants, (_, which) =>
        {
            sandbox.Grants.Revoke(g => (which.GrantId is null || g.Id == which.GrantId)
                && (which.UserName is null || string.Equals(g.UserName, which.UserName, StringComparison.OrdinalIgnoreCase)));
            return Results.NoContent();
        });
        routes.On("POST", "/access-tokens/expire", _ => Done(sandbox.Grants.ExpireAccessTokens));
    }

    private static void MapLists(RouteGroupBuilder routes, MicrosoftAdvertisingSandbox sandbox)
    {
        routes.On("GET", "/lists", c => Settled(sandbox, () =>
            Show(ReadLists.All(sandbox, Number(Query(c, "customer_id")), Number(Query(c, "account_id"))), Json.Default.IReadOnlyListListView)));
        routes.OnJson("POST", "/lists", _ => new NewList(), Json.Default.NewList, (_, wanted) => Settled(sandbox, () =>
            ChangeLists.Create(sandbox, wanted) is var (id, problem) && problem is null
                ? Show(ReadLists.One(sandbox, id)!, Json.Default.ListView)
                : Problem(problem!)));
        routes.On("GET", "/lists/{id:long}", c => Settled(sandbox, () =>
            ReadLists.One(sandbox, ListOf(c)) is { } list ? Show(list, Json.Default.ListView) : Results.NotFound()));
        routes.OnJson("POST", "/lists/{id:long}/members", _ => new NewMembers(), Json.Default.NewMembers, (context, members) => Settled(sandbox, () =>
            ChangeLists.Add(sandbox, ListOf(context), members) is { } problem ? Problem(problem) : Results.NoContent()));
        routes.On("GET", "/lists/{id:long}/digest", c => Settled(sandbox, () =>
            ReadLists.Members(sandbox, ListOf(c)) is { } members ? Show(ReadLists.Digest(members), Json.Default.MembersDigest) : Results.NotFound()));
        routes.MapGet("/lists/{id:long}/members", async context =>
        {
            sandbox.Settle();
            if (ReadLists.Members(sandbox, ListOf(context)) is not { } members)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            context.Response.ContentType = "text/plain";
            foreach (var lines in ReadLists.Lines(members))
            {
                await context.Response.Body.WriteAsync(lines, context.RequestAborted);
            }
        });
    }

    private static void MapFaults(RouteGroupBuilder routes, MicrosoftAdvertisingSandbox sandbox)
    {
        routes.On("GET", "/faults", _ => Show(sandbox.Faults.List(), Json.Default.IReadOnlyListFaultRule));
        routes.OnJson("POST", "/faults", _ => new FaultRule(), Json.Default.FaultRule, (_, rule) =>
            string.Join(' ', rule.Problems()) is { Length: > 0 } problems ? Problem(problems)
                : rule.Operation is { } operation && !MicrosoftAdvertisingOperations.All.Contains(operation) ? Problem($"operation must be one of {string.Join(", ", MicrosoftAdvertisingOperations.All)}.")
                : Show(sandbox.Faults.Add(rule with { Operation = rule.Operation ?? OperationOf(rule.Kind) }), Json.Default.FaultRule));
        routes.On("DELETE", "/faults", _ => Done(sandbox.Faults.Clear));
        routes.On("DELETE", "/faults/{id:int}", c =>
            sandbox.Faults.Remove(int.Parse((string)c.Request.RouteValues["id"]!, CultureInfo.InvariantCulture)) ? Results.NoContent() : Results.NotFound());
    }

    private static void MapReading(RouteGroupBuilder routes, MicrosoftAdvertisingSandbox sandbox)
    {
        routes.On("GET", "/journal", c => Settled(sandbox, () => Number(Query(c, "after") ?? "0") is { } after
            ? Show(ReadEntries.Page(sandbox, after, LimitOf(c)), Json.Default.MicrosoftAdvertisingJournalPage)
            : Problem("after must be a sequence.")));
        routes.On("GET", "/counters", _ => Settled(sandbox, () => Show(ReadLists.Counters(sandbox), Json.Default.MicrosoftAdvertisingCountersView)));
    }

    /// <summary>The operation that a fault is about by its nature; null when it may be about any.</summary>
    private static string? OperationOf(FaultKind kind) => kind switch
    {
        FaultKind.EndUpload => MicrosoftAdvertisingOperations.UploadBulkFile,
        FaultKind.HoldUpload => MicrosoftAdvertisingOperations.GetBulkUploadStatus,
        FaultKind.ResultWithoutRows or FaultKind.ResultWithExtraRows or FaultKind.ResultWithoutClientIds or FaultKind.ResultPathTraversal or FaultKind.ResultZipBomb =>
            MicrosoftAdvertisingOperations.DownloadBulkResult,
        _ => null,
    };

    /// <summary>Whoever looks sees what is due by now.</summary>
    private static IResult Settled(MicrosoftAdvertisingSandbox sandbox, Func<IResult> show)
    {
        sandbox.Settle();
        return show();
    }

    private static long ListOf(HttpContext context) => long.Parse((string)context.Request.RouteValues["id"]!, CultureInfo.InvariantCulture);

    private static long? Number(string? text) => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
}
