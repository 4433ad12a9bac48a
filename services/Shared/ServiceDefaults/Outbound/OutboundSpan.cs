using System.Diagnostics;
using CustomerInsights.ServiceDefaults.Metering;

namespace CustomerInsights.ServiceDefaults.Outbound;

/// <summary>
/// A span of one request to a service of others, made by hand: the one of the library holds the whole address, which may open a door, and
/// sends our trace ids along. Names are those of https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span.
/// </summary>
public static class OutboundSpan
{
    private static readonly ActivitySource Source = new(MetricNames.Meter);

    /// <summary>Sends within a span, which ends when the headers of the answer are there.</summary>
    /// <param name="operation">What is asked for, such as "users/track": never text of others, never an id. Empty when there is nothing to tell.</param>
    public static async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, string operation, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        using var span = Source.StartActivity(operation.Length == 0 ? request.Method.Method : $"{request.Method} {operation}", ActivityKind.Client);
        span?.SetTag("http.request.method", request.Method.Method).SetTag("server.address", request.RequestUri?.IdnHost).SetTag("server.port", request.RequestUri?.Port);
        try
        {
            var response = await send(request, cancellationToken);
            span?.SetTag("http.response.status_code", (int)response.StatusCode).SetStatus(response.IsSuccessStatusCode ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
            return response;
        }
        catch (Exception exception)
        {
            span?.SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error);
            throw;
        }
    }
}
