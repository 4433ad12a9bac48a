using CustomerInsights.Rpc.Web;
using Grpc.AspNetCore.Web;
using Microsoft.AspNetCore.Http;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Serves gRPC-Web beside gRPC.</summary>
public static class GrpcWebExtensions
{
    /// <summary>Answers gRPC-Web requests, over HTTP/1.1 and HTTP/2, in binary and in base64.</summary>
    public static IApplicationBuilder UseGrpcWeb(this IApplicationBuilder builder) => builder.UseGrpcWeb(new GrpcWebOptions());

    public static IApplicationBuilder UseGrpcWeb(this IApplicationBuilder builder, GrpcWebOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return builder.Use((HttpContext context, RequestDelegate next) =>
            WebCall.Is(context.Request) && IsEnabled(context.GetEndpoint(), options) ? WebCall.ServeAsync(context, next) : next(context));
    }

    public static TBuilder EnableGrpcWeb<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new EnableGrpcWebAttribute());

    public static TBuilder DisableGrpcWeb<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new DisableGrpcWebAttribute());

    // What stands closer to the method comes later.
    private static bool IsEnabled(Endpoint? endpoint, GrpcWebOptions options) =>
        endpoint?.Metadata.LastOrDefault(item => item is EnableGrpcWebAttribute or DisableGrpcWebAttribute) is { } choice
            ? choice is EnableGrpcWebAttribute
            : options.DefaultEnabled;
}
