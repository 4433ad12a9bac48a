using System.Globalization;
using CustomerInsights.Rpc.Web;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Turns away requests that aren't gRPC.</summary>
internal static class RequestCheck
{
    /// <summary>False when the request is answered already.</summary>
    public static bool Accepts(HttpContext http)
    {
        if (http.Features.Get<WebCall>() is { } web)
        {
            http.Response.ContentType = web.ContentType;
            return true;
        }

        if (!HeaderNames.IsGrpcContentType(http.Request.ContentType))
        {
            Refuse(http, StatusCodes.Status415UnsupportedMediaType, "The content type must be application/grpc.");
            return false;
        }

        if (http.Request.Protocol != HttpProtocol.Http2 && http.Request.Protocol != HttpProtocol.Http3)
        {
            Refuse(http, StatusCodes.Status426UpgradeRequired, "gRPC needs HTTP/2.");
            return false;
        }

        http.Response.ContentType = HeaderNames.ContentType;
        return true;
    }

    private static void Refuse(HttpContext http, int httpStatus, string text)
    {
        http.Response.StatusCode = httpStatus;
        http.Response.Headers[HeaderNames.Status] = ((int)StatusCode.Internal).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers[HeaderNames.Message] = StatusMessage.Encode(text);
    }
}
