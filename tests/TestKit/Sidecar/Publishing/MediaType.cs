namespace CustomerInsights.TestKit.Sidecar.Publishing;

/// <summary>The kinds of content that Dapr tells apart; parameters don't matter, suffixes don't count.</summary>
internal static class MediaType
{
    public const string CloudEvent = "application/cloudevents+json";
    public const string OctetStream = "application/octet-stream";

    public static bool IsCloudEvent(string type) => Is(type, CloudEvent);

    public static bool IsJson(string type) => Is(type, "application/json");

    public static bool IsBinary(string type) => Is(type, OctetStream) || Is(type, "application/cloudevents+protobuf");

    public static bool IsText(string type) => type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || Is(type, "application/xml");

    private static bool Is(string type, string expected) => type.Split(';')[0].Equals(expected, StringComparison.OrdinalIgnoreCase);
}
