using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>Reads a JSON body strictly: members that are not known, and values of the wrong type, refuse it.</summary>
internal static class ReadRequest
{
    private const string Json = "application/json";

    public static (T? Request, VendorAnswer? Refusal) As<T>(MicrosoftAdvertisingCall call, JsonTypeInfo<T> type)
        where T : class
    {
        if (call.Request.ContentType?.StartsWith(Json, StringComparison.OrdinalIgnoreCase) != true)
        {
            return (null, Faults.Whole(call, VendorErrors.NullRequest, "Content-Type must be application/json.", StatusCodes.Status415UnsupportedMediaType));
        }

        try
        {
            var request = JsonSerializer.Deserialize(call.Body.Span, type);
            return request is null ? (null, Faults.Whole(call, VendorErrors.NullRequest)) : (request, null);
        }
        catch (JsonException e)
        {
            return (null, Faults.Whole(call, VendorErrors.NullRequest, e.Message));
        }
    }
}
