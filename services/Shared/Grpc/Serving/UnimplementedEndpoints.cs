using CustomerInsights.Rpc.Web;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Answers gRPC calls to services and methods that nobody serves. Once per application.</summary>
internal sealed class UnimplementedEndpoints(ICollection<EndpointDataSource> all) : EndpointDataSource
{
    private const string Service = "unknownService";
    private const string Method = "unknownMethod";

    public override IReadOnlyList<Endpoint> Endpoints => field ??= [Fallback()];

    public static void EnsureIn(IEndpointRouteBuilder routes)
    {
        if (!routes.DataSources.OfType<UnimplementedEndpoints>().Any())
        {
            routes.DataSources.Add(new UnimplementedEndpoints(routes.DataSources));
        }
    }

    public override IChangeToken GetChangeToken() => NullChangeToken.Singleton;

    private RouteEndpoint Fallback()
    {
        var pattern = RoutePatternFactory.Parse(
            $"/{{{Service}}}/{{{Method}}}", defaults: null, parameterPolicies: new Dictionary<string, object?> { [Method] = new GrpcOnly() });
        return new RouteEndpoint(
            AnswerAsync, pattern, order: int.MaxValue, new EndpointMetadataCollection(new HttpMethodMetadata([HttpMethods.Post])), "gRPC unimplemented");
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (RequestCheck.Accepts(http))
        {
            var service = http.Request.RouteValues[Service] as string;
            var isKnown = all.SelectMany(source => source.Endpoints)
                .Any(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.ServiceName == service);
            var status = new Status(StatusCode.Unimplemented, isKnown ? "Method is unimplemented." : "Service is unimplemented.");
            await new ResponseEnd(http).EndAsync(status, null, null);
        }
    }

    private sealed class GrpcOnly : IRouteConstraint
    {
        public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            httpContext is not null && (HeaderNames.IsGrpcContentType(httpContext.Request.ContentType) || WebCall.Is(httpContext.Request));
    }
}
