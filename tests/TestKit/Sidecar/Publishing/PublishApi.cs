using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CustomerInsights.TestKit.Sidecar.Brokers;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.TestKit.Sidecar.Publishing;

/// <summary>Publishing over HTTP: one event, or many at once.</summary>
internal sealed class PublishApi(SidecarOptions options, IReadOnlyDictionary<string, IPubSub> pubSubs)
{
    private const string MetadataPrefix = "metadata.";
    private static readonly JsonSerializerOptions AsIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>POST /v1.0/publish/{pubsub}/{topic}</summary>
    public async Task<IResult> PublishAsync(HttpContext http, string? rest)
    {
        var (target, error) = TargetOf(rest, http);
        if (target is null)
        {
            return error!.ToResult();
        }

        if (!TryReadRaw(target.Metadata, out var isRaw))
        {
            return ApiError.Metadata(target.Name, "rawPayload value must be a valid boolean").ToResult();
        }

        if (await ReadBodyAsync(http) is not { } body)
        {
            return ApiError.PublishFailed(target.Name, target.Topic, "http: request body too large").ToResult();
        }

        var outcome = await PublishAsync(target, body, http.Request.ContentType ?? "text/plain", isRaw, http.RequestAborted);
        return outcome?.ToResult() ?? Results.NoContent();
    }

    /// <summary>POST /v1.0/publish/bulk/{pubsub}/{topic}: each entry for itself, in no order.</summary>
    public async Task<IResult> PublishManyAsync(HttpContext http, string? rest)
    {
        var (target, error) = TargetOf(rest, http);
        if (target is null)
        {
            return error!.ToResult();
        }

        var (entries, why) = BulkEntry.Read(await ReadBodyAsync(http));
        if (entries is null)
        {
            return ApiError.NoEvents(target.Name, target.Topic, why).ToResult();
        }

        var outcomes = await Task.WhenAll(entries.Select(async entry => (entry.Id, Error: await PublishAsync(target, entry, http.RequestAborted))));
        var failed = outcomes.Where(outcome => outcome.Error is not null).ToList();
        if (failed.Count == 0)
        {
            return Results.NoContent();
        }

        if (failed.Find(outcome => outcome.Error!.HttpStatus == StatusCodes.Status403Forbidden).Error is { } forbidden)
        {
            return forbidden.ToResult();
        }

        var answer = new JsonObject
        {
            ["failedEntries"] = new JsonArray([.. failed.Select(outcome => new JsonObject { ["entryId"] = outcome.Id, ["error"] = outcome.Error!.Message })]),
            ["errorCode"] = "ERR_PUBSUB_PUBLISH_MESSAGE",
        };
        return Results.Json(answer, statusCode: StatusCodes.Status500InternalServerError);
    }

    private static bool TryReadRaw(IReadOnlyDictionary<string, string> metadata, out bool isRaw)
    {
        isRaw = false;
        return !metadata.TryGetValue("rawPayload", out var text) || bool.TryParse(text, out isRaw);
    }

    private Task<ApiError?> PublishAsync(PublishTarget target, BulkEntry entry, CancellationToken cancellationToken)
    {
        // What the request says about all entries reaches those that say something themselves, be it nothing.
        var metadata = new Dictionary<string, string>(entry.Metadata is null ? [] : target.Metadata);
        foreach (var (name, value) in entry.Metadata ?? new Dictionary<string, string>())
        {
            metadata[name] = value;
        }

        _ = TryReadRaw(metadata, out var isRaw);
        return PublishAsync(target with { Metadata = metadata }, entry.Content, entry.ContentType, isRaw, cancellationToken);
    }

    private async Task<ApiError?> PublishAsync(PublishTarget target, ReadOnlyMemory<byte> body, string contentType, bool isRaw, CancellationToken cancellationToken)
    {
        if (!isRaw)
        {
            try
            {
                var now = options.Time.GetLocalNow();
                var cloudEvent = CloudEventEnvelope.Create(body, contentType, target.Metadata, new EventRoute(options.AppId, target.Name, target.Topic, target.Trace, now));
                if (!target.PubSub.ExpiresMessages)
                {
                    CloudEventEnvelope.Expire(cloudEvent, target.Metadata, now);
                }

                body = JsonSerializer.SerializeToUtf8Bytes(cloudEvent, AsIs);
            }
            catch (JsonException)
            {
                return ApiError.NoCloudEvent(target.Name);
            }
        }

        if (!target.Component.Allows("publishingScopes", options.AppId, target.Topic))
        {
            return ApiError.Forbidden(target.Name, target.Topic, options.AppId);
        }

        try
        {
            await target.PubSub.PublishAsync(new BrokerMessage(target.Topic, body, target.Metadata), cancellationToken);
            return null;
        }
        catch (BrokerException exception)
        {
            return ApiError.PublishFailed(target.Name, target.Topic, exception.Message);
        }
    }

    private (PublishTarget? Target, ApiError? Error) TargetOf(string? rest, HttpContext http)
    {
        var slash = rest?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        var name = slash < 0 ? rest ?? "" : rest![..slash];
        var topic = slash < 0 ? "" : rest![(slash + 1)..];
        var error = (name, topic) switch
        {
            _ when options.Components.Count == 0 => ApiError.PubSubNotConfigured(name),
            ("", _) => ApiError.PubSubEmpty(),
            _ when !pubSubs.ContainsKey(name) => ApiError.PubSubNotFound(name),
            (_, "") => ApiError.TopicEmpty(name),
            _ => null,
        };
        if (error is not null)
        {
            return (null, error);
        }

        var metadata = http.Request.Query
            .Where(parameter => parameter.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal))
            .ToDictionary(parameter => parameter.Key[MetadataPrefix.Length..], parameter => parameter.Value.ToString());
        var trace = TraceContext.Below(http.Request.Headers.TraceParent, http.Request.Headers.TraceState);
        return (new PublishTarget(options.Components.First(component => component.Name == name), pubSubs[name], topic, metadata, trace), null);
    }

    /// <summary>Null for more than the sidecar takes.</summary>
    private async Task<byte[]?> ReadBodyAsync(HttpContext http)
    {
        using var read = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await http.Request.Body.ReadAsync(buffer, http.RequestAborted) is > 0 and var count)
        {
            if (read.Length + count > options.MaxBodyBytes)
            {
                return null;
            }

            await read.WriteAsync(buffer.AsMemory(0, count), http.RequestAborted);
        }

        return read.ToArray();
    }

    private sealed record PublishTarget(SidecarComponent Component, IPubSub PubSub, string Topic, IReadOnlyDictionary<string, string> Metadata, TraceContext Trace)
    {
        public string Name => Component.Name;
    }
}
