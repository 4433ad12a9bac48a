using System.Buffers.Text;
using System.Globalization;
using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Control;
using Microsoft.AspNetCore.Http.Features;
using static CustomerInsights.Sandbox.Control.ControlEndpoints;

namespace CustomerInsights.Sandbox.Braze.Controlling;

/// <summary>The stand-in's own API: no authentication, since it listens on loopback only.</summary>
internal static class BrazeControlRoutes
{
    public static void Map(IEndpointRouteBuilder root, BrazeSandbox sandbox)
    {
        var routes = root.MapGroup("/sandbox/braze");
        MapKeys(routes, sandbox);
        MapSetUp(routes, sandbox);
        MapFaults(routes, sandbox);
        MapReading(routes, sandbox);
        MapFiles(root, sandbox);
    }

    private static void MapKeys(RouteGroupBuilder routes, BrazeSandbox sandbox)
    {
        routes.On("GET", "/keys", _ => Show<IReadOnlyList<KeyView>>(
            [.. sandbox.Keys.Select(k => new KeyView(k.Workspace, k.Permissions))],
            SandboxJson.Default.IReadOnlyListKeyView));
        routes.OnJson("POST", "/keys", _ => new BrazeKey { Key = "" }, SandboxJson.Default.BrazeKey, (_, key) =>
        {
            if (key.Key.Length == 0)
            {
                return Problem("key must not be empty.");
            }

            sandbox.Allow(key);
            return Results.NoContent();
        });
        routes.OnJson("POST", "/keys/revoke", _ => new BrazeKey { Key = "" }, SandboxJson.Default.BrazeKey, (_, key) =>
            sandbox.Revoke(key.Key) ? Results.NoContent() : Results.NotFound());
    }

    private static void MapSetUp(RouteGroupBuilder routes, BrazeSandbox sandbox)
    {
        routes.On("GET", "/settings", c => Show(WorkspaceOf(c, sandbox).Settings, SandboxJson.Default.BrazeSettings));
        routes.OnJson("PATCH", "/settings", c => WorkspaceOf(c, sandbox).Settings, SandboxJson.Default.BrazeSettings, (context, settings) =>
        {
            if (settings.Limits.Values.SelectMany(w => w).Any(w => w.Requests < 1 || w.Seconds < 1))
            {
                return Problem("limits: requests and seconds must be 1 or more.");
            }

            WorkspaceOf(context, sandbox).Settings = settings;
            return Show(settings, SandboxJson.Default.BrazeSettings);
        });
        routes.On("GET", "/segments", c => Show(WorkspaceOf(c, sandbox).Segments, SandboxJson.Default.IReadOnlyListBrazeSegment));
        routes.OnJson("POST", "/segments", _ => new BrazeSegment { Id = "", Name = "", Attribute = "" }, SandboxJson.Default.BrazeSegment, (context, segment) =>
        {
            WorkspaceOf(context, sandbox).Define(segment);
            return Results.NoContent();
        });
        routes.On("POST", "/reset", c => Done(WorkspaceOf(c, sandbox).Reset));
    }

    private static void MapFaults(RouteGroupBuilder routes, BrazeSandbox sandbox)
    {
        routes.On("GET", "/faults", c => Show(WorkspaceOf(c, sandbox).Faults.List(), SandboxJson.Default.IReadOnlyListFaultRule));
        routes.OnJson("POST", "/faults", _ => new FaultRule(), SandboxJson.Default.FaultRule, (context, rule) =>
            string.Join(' ', rule.Problems()) is { Length: > 0 } problems ? Problem(problems)
                : rule.Kind > FaultKind.Reject || rule.Operation is not null ? Problem("kind must be status to reject, and operation absent: the others are of Microsoft Advertising.")
                : Show(WorkspaceOf(context, sandbox).Faults.Add(rule), SandboxJson.Default.FaultRule));
        routes.On("DELETE", "/faults", c => Done(WorkspaceOf(c, sandbox).Faults.Clear));
        routes.On("DELETE", "/faults/{id:int}", c =>
            WorkspaceOf(c, sandbox).Faults.Remove(int.Parse((string)c.Request.RouteValues["id"]!, CultureInfo.InvariantCulture)) ? Results.NoContent() : Results.NotFound());
    }

    private static void MapReading(RouteGroupBuilder routes, BrazeSandbox sandbox)
    {
        routes.On("GET", "/users", c => KeyOf(Query(c, "after")) is var (after, valid) && valid
            ? Show(ReadUsers.Page(WorkspaceOf(c, sandbox), after, LimitOf(c)), SandboxJson.Default.UserPage)
            : Problem("after must be the next of a page before."));
        routes.On("GET", "/users/one", c =>
            IdentifierOf(c) is { } identifier && ReadUsers.One(WorkspaceOf(c, sandbox), identifier) is { } user
                ? Show(user, SandboxJson.Default.SandboxUser)
                : Results.NotFound());
        routes.MapGet("/users.ndjson", async context =>
        {
            context.Response.ContentType = "application/x-ndjson";
            foreach (var lines in ReadUsers.Lines(WorkspaceOf(context, sandbox)))
            {
                await context.Response.Body.WriteAsync(lines, context.RequestAborted);
            }
        });
        routes.On("GET", "/digest", c => Show(ReadUsers.Digest(WorkspaceOf(c, sandbox)), SandboxJson.Default.UsersDigest));
        routes.On("GET", "/journal", c => long.TryParse(Query(c, "after") ?? "0", CultureInfo.InvariantCulture, out var after)
            ? Show(ReadJournal.Page(WorkspaceOf(c, sandbox), after, LimitOf(c)), SandboxJson.Default.JournalPage)
            : Problem("after must be a sequence."));
        routes.On("GET", "/counters", c =>
        {
            var workspace = WorkspaceOf(c, sandbox);
            return Show(workspace.Counters.View(workspace.UserCount, workspace.Journal.Last), SandboxJson.Default.CountersView);
        });
    }

    private static void MapFiles(IEndpointRouteBuilder root, BrazeSandbox sandbox) =>
        root.MapGet(ExportUsersBySegment.FilesPath + "/{workspace}/{token}.zip", async context =>
        {
            var workspace = sandbox.Workspace((string)context.Request.RouteValues["workspace"]!);
            var now = sandbox.Time.GetUtcNow();
            if (workspace.FindExport((string)context.Request.RouteValues["token"]!, now) is not { } export)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            // The archive writes the ends of its entries synchronously, whatever it is asked.
            context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
            context.Response.ContentType = "application/zip";
            await ExportUsersBySegment.WriteFileAsync(workspace, export, now, context.Response.Body, context.RequestAborted);
        });

    private static BrazeWorkspace WorkspaceOf(HttpContext context, BrazeSandbox sandbox) => sandbox.Workspace(Query(context, "workspace") ?? BrazeSandbox.MainWorkspace);

    private static (byte[]? Key, bool Valid) KeyOf(string? after)
    {
        var key = new byte[after?.Length ?? 0];
        return after is null ? (null, true) : Base64Url.TryDecodeFromChars(after, key, out var length) ? (key[..length], true) : (null, false);
    }

    private static Identifier? IdentifierOf(HttpContext context) =>
        Query(context, "external_id") is { } externalId ? Identifiers.OfExternalId(externalId)
        : Query(context, "alias_name") is { } name ? Identifiers.OfAlias(Query(context, "alias_label") ?? "", name)
        : null;
}
