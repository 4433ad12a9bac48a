using System.Globalization;
using CustomerInsights.Sandbox.Control;
using static CustomerInsights.Sandbox.Control.ControlEndpoints;

namespace CustomerInsights.Sandbox.Webhook.Controlling;

/// <summary>The stand-in's own API: no authentication, since it listens on loopback only.</summary>
internal static class WebhookControlRoutes
{
    public static void Map(IEndpointRouteBuilder root, WebhookSandbox sandbox)
    {
        var routes = root.MapGroup("/sandbox/webhook");
        routes.On("GET", "/settings", c => Show(ReceiverOf(c, sandbox).Settings, WebhookJson.Default.WebhookSettings));
        routes.OnJson("PATCH", "/settings", c => ReceiverOf(c, sandbox).Settings, WebhookJson.Default.WebhookSettings, (context, settings) =>
            Show(ReceiverOf(context, sandbox).Settings = settings, WebhookJson.Default.WebhookSettings));
        routes.On("GET", "/members", c => Show(ReceiverOf(c, sandbox).Members(), WebhookJson.Default.IReadOnlyListWebhookMember));
        routes.On("GET", "/journal", c => long.TryParse(Query(c, "after") ?? "0", CultureInfo.InvariantCulture, out var after)
            ? Show(ReceiverOf(c, sandbox).Journal(after, LimitOf(c)), WebhookJson.Default.IReadOnlyListWebhookJournalEntry)
            : Problem("after must be a sequence."));
        routes.On("GET", "/faults", c => Show(ReceiverOf(c, sandbox).Faults.List(), WebhookJson.Default.IReadOnlyListFaultRule));
        routes.OnJson("POST", "/faults", _ => new FaultRule(), WebhookJson.Default.FaultRule, (context, rule) =>
            string.Join(' ', rule.Problems()) is { Length: > 0 } problems
                ? Problem(problems)
                : Show(ReceiverOf(context, sandbox).Faults.Add(rule), WebhookJson.Default.FaultRule));
        routes.On("DELETE", "/faults", c => Done(ReceiverOf(c, sandbox).Faults.Clear));
        routes.On("POST", "/reset", c => Done(ReceiverOf(c, sandbox).Reset));
    }

    private static WebhookReceiver ReceiverOf(HttpContext context, WebhookSandbox sandbox) => sandbox.Receiver(Query(context, "receiver") ?? WebhookSandbox.MainReceiver);
}
