using System.Globalization;
using System.Net;
using CustomerInsights.Sandbox.Braze;
using CustomerInsights.Sandbox.MicrosoftAdvertising;

namespace CustomerInsights.Sandbox;

/// <summary>How to start the sandbox.</summary>
public sealed record SandboxOptions
{
    /// <summary>The key that exists from the start, with all permissions, in the workspace "main".</summary>
    public const string DefaultBrazeKey = "sandbox-rest-api-key";

    /// <summary>Loopback address and port; port 0 takes any free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>File to write {"http":port} into once it listens; null for none.</summary>
    public string? PortsFile { get; init; }

    /// <summary>All chance comes from it: faults with a probability, drawn objects, tokens.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The clock of rate limits, delays and times in answers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Keys that exist from the start.</summary>
    public IReadOnlyList<BrazeKey> BrazeKeys { get; init; } = [new BrazeKey { Key = DefaultBrazeKey }];

    /// <summary>What webhooks are signed with, unless a receiver is told another secret.</summary>
    public string WebhookSecret { get; init; } = "sandbox-signing-secret";

    /// <summary>Who and what the stand-in of Microsoft Advertising begins with.</summary>
    public MicrosoftAdvertisingOptions MicrosoftAdvertising { get; init; } = new();

    /// <summary>Write the start line and warnings to the console.</summary>
    public bool LogToConsole { get; init; }

    /// <summary>
    /// Reads Listen:Http, Listen:PortsFile, Sandbox:Seed, Sandbox:Braze:Key, Sandbox:Webhook:Secret, and below Sandbox:MicrosoftAdvertising:
    /// UploadBase, DeveloperToken, ClientId, ClientSecret.
    /// </summary>
    public static SandboxOptions From(IConfiguration configuration) => new()
    {
        Listen = IPEndPoint.Parse(configuration["Listen:Http"] ?? "127.0.0.1:5090"),
        PortsFile = configuration["Listen:PortsFile"],
        Seed = ulong.Parse(configuration["Sandbox:Seed"] ?? "1", CultureInfo.InvariantCulture),
        BrazeKeys = [new BrazeKey { Key = configuration["Sandbox:Braze:Key"] ?? DefaultBrazeKey }],
        WebhookSecret = configuration["Sandbox:Webhook:Secret"] ?? new SandboxOptions().WebhookSecret,
        MicrosoftAdvertising = MicrosoftAdvertisingFrom(configuration.GetSection("Sandbox:MicrosoftAdvertising")),
        LogToConsole = true,
    };

    private static MicrosoftAdvertisingOptions MicrosoftAdvertisingFrom(IConfigurationSection section) => new()
    {
        UploadBase = section["UploadBase"] is { } address ? new Uri(address) : null,
        DeveloperToken = section["DeveloperToken"] ?? MicrosoftAdvertisingOptions.DefaultDeveloperToken,
        ClientId = section["ClientId"] ?? MicrosoftAdvertisingOptions.DefaultClientId,
        ClientSecret = section["ClientSecret"] ?? MicrosoftAdvertisingOptions.DefaultClientSecret,
    };
}
