using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CustomerInsights.TestKit.Sidecar.Daprd;

/// <summary>Writes the resources that make daprd what the options say. They are JSON, which every reader of YAML reads.</summary>
internal sealed class DaprdResources(SidecarOptions options, string folder)
{
    public string Resources => Path.Combine(folder, "resources");

    public string Configuration => Path.Combine(folder, "configuration.yaml");

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Resources);
        foreach (var component in options.Components)
        {
            await WriteAsync(component.Name, Resource("Component", component.Name, Component(component.Type, component.Metadata)), cancellationToken);
        }

        foreach (var store in options.SecretStores)
        {
            await WriteAsync(store, cancellationToken);
        }

        foreach (var (subscription, i) in options.Subscriptions.Select((subscription, i) => (subscription, i)))
        {
            await WriteAsync($"subscription-{i}", Subscription(subscription, i), cancellationToken);
        }

        await WriteAsync("resiliency", Resiliency(), cancellationToken);
        await File.WriteAllTextAsync(Configuration, Settings().ToJsonString(), cancellationToken);
    }

    private static JsonObject Resource(string kind, string name, JsonObject spec, string version = "dapr.io/v1alpha1") => new()
    {
        ["apiVersion"] = version, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec,
    };

    private static JsonObject Component(string type, IReadOnlyDictionary<string, string> metadata) => new()
    {
        ["type"] = type,
        ["version"] = "v1",
        ["metadata"] = new JsonArray([.. metadata.Select(pair => new JsonObject { ["name"] = pair.Key, ["value"] = pair.Value })]),
    };

    private async Task WriteAsync(SecretStore store, CancellationToken cancellationToken)
    {
        var isSingle = store.Secrets.All(secret => secret.Value.Count == 1 && secret.Value.ContainsKey(secret.Key));
        object secrets = isSingle ? store.Secrets.ToDictionary(secret => secret.Key, secret => secret.Value[secret.Key]) : store.Secrets;
        var file = Path.Combine(folder, $"{store.Name}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(secrets), cancellationToken);
        var metadata = new Dictionary<string, string> { ["secretsFile"] = file, ["multiValued"] = isSingle ? "false" : "true" };
        await WriteAsync(store.Name, Resource("Component", store.Name, Component("secretstores.local.file", metadata)), cancellationToken);
    }

    private static JsonObject Subscription(SidecarSubscription subscription, int number)
    {
        var routes = new JsonObject
        {
            ["rules"] = new JsonArray(
                [.. subscription.Routes.Where(route => route.Match.Length > 0).Select(route => new JsonObject { ["match"] = route.Match, ["path"] = route.Path })]),
            ["default"] = subscription.Routes.FirstOrDefault(route => route.Match.Length == 0)?.Path,
        };
        var spec = new JsonObject
        {
            ["pubsubname"] = subscription.PubSub,
            ["topic"] = subscription.Topic,
            ["routes"] = routes,
            ["metadata"] = new JsonObject(subscription.Metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        };
        if (subscription.DeadLetterTopic.Length > 0)
        {
            spec["deadLetterTopic"] = subscription.DeadLetterTopic;
        }

        return Resource("Subscription", $"subscription-{number}", spec, "dapr.io/v2alpha1");
    }

    private JsonObject Resiliency()
    {
        var (timeouts, retries, components, apps) = (new JsonObject(), new JsonObject(), new JsonObject(), new JsonObject());
        if (options.Inbound is { } inbound)
        {
            foreach (var component in options.Components)
            {
                components[component.Name] = new JsonObject { ["inbound"] = Policy("inbound", inbound, timeouts, retries) };
            }
        }

        foreach (var (appId, policy) in options.Calls)
        {
            apps[appId] = Policy($"calls-{appId}", policy, timeouts, retries);
        }

        return Resource("Resiliency", "resiliency", new JsonObject
        {
            ["policies"] = new JsonObject { ["timeouts"] = timeouts, ["retries"] = retries },
            ["targets"] = new JsonObject { ["components"] = components, ["apps"] = apps },
        });
    }

    private static JsonObject Policy(string name, ResiliencyPolicy policy, JsonObject timeouts, JsonObject retries)
    {
        var target = new JsonObject();
        if (policy.Timeout is { } timeout)
        {
            timeouts[name] = Duration(timeout);
            target["timeout"] = name;
        }

        if (policy.Retry is { } retry)
        {
            var described = new JsonObject
            {
                ["policy"] = retry.IsExponential ? "exponential" : "constant",
                ["duration"] = Duration(retry.Duration),
                ["maxInterval"] = Duration(retry.MaxInterval),
                ["maxRetries"] = retry.MaxRetries,
            };
            if (retry.GrpcStatusCodes.Count > 0)
            {
                described["matching"] = new JsonObject { ["gRPCStatusCodes"] = string.Join(',', retry.GrpcStatusCodes.Select(code => (int)code)) };
            }

            retries[name] = described;
            target["retry"] = name;
        }

        return target;
    }

    // Sidecars find each other in a file, since the default, multicast, is not to be had everywhere.
    private JsonObject Settings() => Resource("Configuration", "configuration", new JsonObject
    {
        ["tracing"] = new JsonObject { ["samplingRate"] = "1" },
        ["nameResolution"] = new JsonObject
        {
            ["component"] = "sqlite",
            ["configuration"] = new JsonObject { ["connectionString"] = Path.Combine(options.Network.Folder, "names.db") },
        },
        ["secrets"] = new JsonObject
        {
            ["scopes"] = new JsonArray(
            [
                .. options.SecretStores.Where(store => store.Denied.Count > 0).Select(store => new JsonObject
                {
                    ["storeName"] = store.Name, ["defaultAccess"] = "allow", ["deniedSecrets"] = new JsonArray([.. store.Denied.Select(name => (JsonNode)name)]),
                }),
            ]),
        },
    });

    private static string Duration(TimeSpan time) => $"{time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture)}ms";

    private Task WriteAsync(string name, JsonObject resource, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(Path.Combine(Resources, $"{name}.yaml"), resource.ToJsonString(), cancellationToken);
}
