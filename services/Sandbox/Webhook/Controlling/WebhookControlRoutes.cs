using System.Globalization;
using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Webhook.Controlling;

/// <summary>The stand-in's own API: no authentication, since it listens on loopback only.</summary>
internal static class WebhookControlRoutes
{
    public static void Map(IEndpointRouteBuilder root, WebhookSandbox sandbox)
    {
        var routes = root.MapGroup("/sandbox/webhook");
        On(routes, "GET", "/settings", (_, receiver) => Show(receiver.Settings));
        OnJson<WebhookSettingsChange>(routes, "PATCH", "/settings", (receiver, change) => Show(receiver.Change(change)));
        On(routes, "GET", "/members", (_, receiver) => Show(receiver.Members()));
        On(routes, "GET", "/journal", (context, receiver) =>
            long.TryParse(Query(context, "after") ?? "0", CultureInfo.InvariantCulture, out var after) ? Show(receiver.Journal(after)) : Problem("after must be a sequence."));
        On(routes, "GET", "/faults", (_, receiver) => Show(receiver.Faults.List()));
        OnJson<FaultRule>(routes, "POST", "/faults", (receiver, rule) =>
            string.Join(' ', rule.Problems()) is { Length: > 0 } problems ? Problem(problems) : Show(receiver.Faults.Add(rule)));
        On(routes, "DELETE", "/faults", (_, receiver) => Done(receiver.Faults.Clear));
        On(routes, "POST", "/reset", (_, receiver) => Done(receiver.Reset));

        WebhookReceiver ReceiverOf(HttpContext context) => sandbox.Receiver(Query(context, "receiver") ?? WebhookSandbox.MainReceiver);

        void On(RouteGroupBuilder group, string method, string path, Func<HttpContext, WebhookReceiver, IResult> handle) =>
            group.MapMethods(path, [method], context => handle(context, ReceiverOf(context)).ExecuteAsync(context));

        void OnJson<T>(RouteGroupBuilder group, string method, string path, Func<WebhookReceiver, T, IResult> apply) =>
            group.MapMethods(path, [method], async context =>
            {
                var answer = await ReadAsync<T>(context, sent => apply(ReceiverOf(context), sent));
                await answer.ExecuteAsync(context);
            });
    }

    private static async Task<IResult> ReadAsync<T>(HttpContext context, Func<T, IResult> apply)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(context.Request.Body, WebhookJson.Options, context.RequestAborted) is { } sent ? apply(sent) : Problem("A JSON object is needed.");
        }
        catch (JsonException e)
        {
            return Problem(e.Message);
        }
    }

    private static string? Query(HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    private static IResult Show<T>(T value) => Results.Json(value, WebhookJson.Options);

    private static IResult Problem(string message) => Results.Json(new { message }, WebhookJson.Options, statusCode: StatusCodes.Status400BadRequest);

    private static IResult Done(Action act)
    {
        act();
        return Results.NoContent();
    }
}
