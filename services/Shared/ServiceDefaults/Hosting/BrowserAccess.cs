using Grpc.AspNetCore.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Lets browsers call: gRPC-Web for every gRPC service, and for web pages of the origins that are allowed, CORS.</summary>
internal static class BrowserAccess
{
    private const string AllowedOrigins = $"{WebOptions.Section}:{nameof(WebOptions.AllowedOrigins)}";

    /// <summary>How long a browser may remember that it may call; none remembers longer.</summary>
    private static readonly TimeSpan PreflightAge = TimeSpan.FromHours(2);

    /// <summary>"*" stands for metadata of any name. Browsers that do not know it still see the status.</summary>
    private static readonly string[] ExposedHeaders = ["grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-encoding", "*"];

    public static void Add(ServiceBuilder builder)
    {
        builder.AddOptions<WebOptions>(WebOptions.Section);
        builder.Services.AddOptions<WebOptions>().Validate<IConfiguration>(
            (_, configuration) => string.IsNullOrEmpty(configuration[AllowedOrigins]), $"{AllowedOrigins} is a list: set {AllowedOrigins}:0 and so on.");
        builder.Services.AddCors();
        builder.Services.AddOptions<CorsOptions>().Configure<IOptions<WebOptions>>((cors, web) => Allow(cors, web.Value));
    }

    public static void Use(WebApplication application)
    {
        application.UseCors();
        application.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
    }

    // Callers show a token, never a cookie, so a page can do no more than whoever gave it one.
    private static void Allow(CorsOptions cors, WebOptions options)
    {
        if (options.AllowedOrigins.Count > 0)
        {
            var policy = new CorsPolicyBuilder().AllowAnyMethod().AllowAnyHeader().WithExposedHeaders(ExposedHeaders).SetPreflightMaxAge(PreflightAge);
            cors.AddDefaultPolicy((options.AllowsEverywhere ? policy.AllowAnyOrigin() : policy.WithOrigins([.. options.AllowedOrigins])).Build());
        }
    }
}
