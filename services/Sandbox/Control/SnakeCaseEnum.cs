using System.Text.Json;
using System.Text.Json.Serialization;

namespace CustomerInsights.Sandbox.Control;

/// <summary>"drop_after" for DropAfter.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
