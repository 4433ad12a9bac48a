using CustomerInsights.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Registers whose tokens a service believes and which token it shows itself.</summary>
internal static class IdentityComposition
{
    private static readonly TimeSpan DiscoveryTimeout = TimeSpan.FromSeconds(10);

    public static void Add(ServiceBuilder builder, ListenAddresses listen)
    {
        var options = AddOptions(builder, listen);
        builder.Services.AddSingleton<TokenVerifier>();
        builder.Services.AddSingleton<MethodRequirements>();
        if (options.Development.TryReadKey() is { } key)
        {
            builder.Services.AddSingleton(services => new DevelopmentIssuer(key, services.GetRequiredService<TimeProvider>()));
            builder.Services.AddSingleton(services => services.GetRequiredService<DevelopmentIssuer>().Trust());
            builder.Services.AddSingleton(services => ServiceIdentity.Development(
                builder.AppId, services.GetRequiredService<DevelopmentIssuer>(), services.GetRequiredService<TimeProvider>()));
            return;
        }

        var http = new HttpClient { Timeout = DiscoveryTimeout };
        builder.Services.AddSingleton(services => TrustedIssuer.OfPeople(Resolved(services), http));
        builder.Services.AddSingleton(services => TrustedIssuer.OfServices(Resolved(services).ServiceIdentity, http));
        builder.Services.AddSingleton(services => ServiceIdentity.OfFile(
            Resolved(services).ServiceIdentity.TokenFile!, services.GetRequiredService<TimeProvider>()));
    }

    /// <summary>The options as they are, and their checks at start.</summary>
    public static AuthenticationOptions AddOptions(ServiceBuilder builder, ListenAddresses listen)
    {
        builder.AddOptions<AuthenticationOptions>(AuthenticationOptions.Section);
        builder.Services.AddOptions<AuthenticationOptions>().Validate(
            options => !options.IsDevelopment || listen.AreLoopback,
            "Authentication:Development is for loopback only: set Listen:Grpc and Listen:Http to 127.0.0.1, or use an OpenID Connect issuer.");
        return builder.Configuration.GetSection(AuthenticationOptions.Section).Get<AuthenticationOptions>() ?? new AuthenticationOptions();
    }

    private static AuthenticationOptions Resolved(IServiceProvider services) => services.GetRequiredService<IOptions<AuthenticationOptions>>().Value;
}
