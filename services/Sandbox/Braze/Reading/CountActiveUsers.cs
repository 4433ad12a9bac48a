using System.Globalization;
using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Reading;

/// <summary>GET /kpi/mau/data_series: monthly active users by day. Everybody here counts as active, every day.</summary>
internal static class CountActiveUsers
{
    private const int MaxDays = 100;

    public static VendorAnswer Handle(BrazeCall call)
    {
        if (!int.TryParse(call.Query["length"].FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > MaxDays)
        {
            return BrazeAnswers.Message(StatusCodes.Status400BadRequest, $"'length' must be 1 to {MaxDays}");
        }

        return BrazeAnswers.Write(StatusCodes.Status200OK, (days, users: call.Workspace.UserCount, call.Now), static (writer, state) =>
        {
            writer.WriteString("message"u8, BrazeMessages.Success);
            writer.WriteStartArray("data"u8);
            for (var day = state.days - 1; day >= 0; day--)
            {
                WriteDay(writer, state.Now.AddDays(-day), state.users);
            }

            writer.WriteEndArray();
        });
    }

    private static void WriteDay(Utf8JsonWriter writer, DateTimeOffset day, int users)
    {
        writer.WriteStartObject();
        writer.WriteString("time"u8, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        writer.WriteNumber("mau"u8, users);
        writer.WriteEndObject();
    }
}
