using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CustomerInsights.TestKit.Sidecar.Publishing;
using CustomerInsights.TestKit.Sidecar.Proxying;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CustomerInsights.TestKit.Sidecar;

/// <summary>The HTTP API of a sidecar: publishing, secrets, health, metadata.</summary>
internal sealed class SidecarApi(SidecarStandIn sidecar, SidecarOptions options, PublishApi publishing)
{
    private static readonly string[] Writing = [HttpMethods.Post, HttpMethods.Put];

    private readonly ConcurrentDictionary<string, string> _extended = new(StringComparer.Ordinal);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/healthz", () => Health(sidecar.IsReady, "ERR_HEALTH_NOT_READY", "dapr is not ready"));
        routes.MapGet("/v1.0/healthz/outbound", () => Health(sidecar.IsOutboundReady, "ERR_OUTBOUND_HEALTH_NOT_READY", "dapr outbound is not ready"));
        routes.MapMethods("/v1.0/publish/{**rest}", Writing, (HttpContext http, string? rest) => publishing.PublishAsync(http, rest));
        routes.MapMethods("/v1.0/publish/bulk/{**rest}", Writing, (HttpContext http, string? rest) => publishing.PublishManyAsync(http, rest));
        routes.MapMethods("/v1.0-alpha1/publish/bulk/{**rest}", Writing, (HttpContext http, string? rest) => publishing.PublishManyAsync(http, rest));
        routes.MapGet("/v1.0/secrets/{store}/bulk", AllSecrets);
        routes.MapGet("/v1.0/secrets/{store}/{key}", Secret);
        routes.MapGet("/v1.0/metadata", Metadata);
        routes.MapPut("/v1.0/metadata/{key}", ExtendMetadataAsync);
        routes.MapPost("/v1.0/shutdown", Shutdown);
    }

    /// <summary>Turns away who has not the token. Health is for everybody.</summary>
    public async Task CheckTokenAsync(HttpContext http, RequestDelegate next)
    {
        var isHealth = http.Request.Path.Value is "/v1.0/healthz" or "/v1.0/healthz/outbound";
        if (isHealth || ProxyEndpoint.IsToken(options.ApiToken, http.Request.Headers[ProxyEndpoint.TokenHeader]))
        {
            await next(http);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        await http.Response.WriteAsync("invalid api token", http.RequestAborted);
    }

    private static IResult Health(bool isGood, string code, string message) =>
        isGood ? Results.NoContent() : new ApiError(StatusCodes.Status500InternalServerError, code, message).ToResult();

    private IResult Secret(string store, string key)
    {
        var (found, error) = StoreOf(store);
        if (found is null)
        {
            return error!.ToResult();
        }

        if (found.Denied.Contains(key))
        {
            return new ApiError(403, "ERR_PERMISSION_DENIED", $"access denied by policy to get \"{key}\" from \"{store}\"").ToResult();
        }

        return found.Secrets.TryGetValue(key, out var pairs)
            ? Results.Json(pairs)
            : new ApiError(500, "ERR_SECRET_GET", $"failed getting secret with key {key} from secret store {store}: secret {key} not found").ToResult();
    }

    private IResult AllSecrets(string store)
    {
        var (found, error) = StoreOf(store);
        return found is null
            ? error!.ToResult()
            : Results.Json(found.Secrets.Where(secret => !found.Denied.Contains(secret.Key)).ToDictionary(secret => secret.Key, secret => secret.Value));
    }

    private (SecretStore? Store, ApiError? Error) StoreOf(string name) => options.SecretStores.FirstOrDefault(store => store.Name == name) switch
    {
        { } found => (found, null),
        _ when options.SecretStores.Count == 0 => (null, new ApiError(500, "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured")),
        _ => (null, new ApiError(401, "ERR_SECRET_STORE_NOT_FOUND", $"failed finding secret store with key {name}")),
    };

    private JsonObject Metadata() => new()
    {
        ["id"] = options.AppId,
        ["runtimeVersion"] = "stand-in",
        ["enabledFeatures"] = new JsonArray(),
        ["components"] = new JsonArray(
        [
            .. options.Components.Select(component => Component(component.Name, component.Type)),
            .. options.SecretStores.Select(store => Component(store.Name, "secretstores.local.file")),
        ]),
        ["subscriptions"] = new JsonArray([.. sidecar.Subscriptions.Select(Subscription)]),
        ["extended"] = new JsonObject(_extended.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        ["appConnectionProperties"] = options.AppAddress is not { } app ? null : new JsonObject
        {
            ["port"] = app.Port, ["protocol"] = "grpc", ["channelAddress"] = app.Host,
        },
        ["actorRuntime"] = new JsonObject { ["runtimeStatus"] = "DISABLED" },
    };

    private static JsonObject Component(string name, string type) => new()
    {
        ["name"] = name, ["type"] = type, ["version"] = "v1", ["capabilities"] = new JsonArray(),
    };

    private static JsonObject Subscription(SidecarSubscription subscription) => new()
    {
        ["pubsubname"] = subscription.PubSub,
        ["topic"] = subscription.Topic,
        ["deadLetterTopic"] = subscription.DeadLetterTopic,
        ["metadata"] = new JsonObject(subscription.Metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        ["rules"] = new JsonArray([.. subscription.Routes.Select(route => new JsonObject { ["match"] = route.Match, ["path"] = route.Path })]),
    };

    private async Task<IResult> ExtendMetadataAsync(HttpContext http, string key)
    {
        using var reader = new StreamReader(http.Request.Body);
        _extended[key] = await reader.ReadToEndAsync(http.RequestAborted);
        return Results.NoContent();
    }

    private IResult Shutdown(HttpContext http)
    {
        http.Response.OnCompleted(() =>
        {
            sidecar.BeginStop();
            return Task.CompletedTask;
        });
        return Results.NoContent();
    }
}
