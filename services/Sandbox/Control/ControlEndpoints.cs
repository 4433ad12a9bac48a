using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace CustomerInsights.Sandbox.Control;

/// <summary>What the control APIs of all stand-ins have in common: how they read, refuse and answer.</summary>
internal static class ControlEndpoints
{
    private const int DefaultPage = 1_000;
    private const int MaxPage = 10_000;

    public static void On(this IEndpointRouteBuilder routes, string method, string path, Func<HttpContext, IResult> handle) =>
        routes.MapMethods(path, [method], context => handle(context).ExecuteAsync(context));

    /// <summary>Lays the sent properties over the present value, and hands the result to <paramref name="apply"/>.</summary>
    public static void OnJson<T>(
        this IEndpointRouteBuilder routes, string method, string path, Func<HttpContext, T> present, JsonTypeInfo<T> type, Func<HttpContext, T, IResult> apply) =>
        routes.MapMethods(path, [method], async context =>
        {
            var answer = await ChangeAsync(context, present(context), type, changed => apply(context, changed));
            await answer.ExecuteAsync(context);
        });

    public static string? Query(HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    public static int LimitOf(HttpContext context) =>
        int.TryParse(Query(context, "limit"), CultureInfo.InvariantCulture, out var limit) ? Math.Clamp(limit, 1, MaxPage) : DefaultPage;

    public static IResult Show<T>(T value, JsonTypeInfo<T> type) => Results.Json(value, type);

    public static IResult Done(Action act)
    {
        act();
        return Results.NoContent();
    }

    public static IResult Problem(string message) => Results.Json(new JsonObject { ["message"] = message }, statusCode: StatusCodes.Status400BadRequest);

    /// <summary>Whatever is unknown or of the wrong type is refused by name.</summary>
    private static async Task<IResult> ChangeAsync<T>(HttpContext context, T present, JsonTypeInfo<T> type, Func<T, IResult> apply)
    {
        try
        {
            var sent = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            var merged = JsonSerializer.SerializeToNode(present, type)!.AsObject();
            foreach (var (name, value) in sent is JsonObject properties ? properties.ToList() : [])
            {
                merged[name] = value?.DeepClone();
            }

            return apply(merged.Deserialize(type)!);
        }
        catch (JsonException e)
        {
            return Problem(e.Message);
        }
    }
}
