using Google.Protobuf;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>The data of an event on the wire: protobuf JSON. Readers ignore fields they do not know yet.</summary>
public static class EventJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static string ToJson(IMessage data) => Formatter.Format(data);

    /// <summary>The message, or null when the text is not one.</summary>
    public static T? Parse<T>(string json)
        where T : class, IMessage<T>, new()
    {
        try
        {
            return Parser.Parse<T>(json);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException or FormatException or OverflowException)
        {
            return null;
        }
    }
}
