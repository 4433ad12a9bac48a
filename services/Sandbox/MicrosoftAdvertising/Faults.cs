using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>One error of an answer that otherwise succeeded.</summary>
/// <param name="Index">Position in the request; null when the vendor does not tell.</param>
/// <param name="FieldPath">The member that is wrong; null when the whole item is.</param>
internal readonly record struct PartialError(int Code, int? Index, string? FieldPath = null);

/// <summary>Bodies that tell what went wrong.</summary>
internal static class Faults
{
    /// <summary>The whole request failed.</summary>
    /// <param name="status">HTTP status; null for the usual one of the code.</param>
    public static VendorAnswer Whole(MicrosoftAdvertisingCall call, int code, string? detail = null, int? status = null)
    {
        call.Errors.Add(code);
        var error = VendorErrors.Find(code);
        return JsonAnswers.Write(status ?? error.Status, (call.TrackingId, error, detail), static (writer, state) =>
        {
            writer.WriteString("TrackingId"u8, state.TrackingId);
            if (VendorErrors.IsAboutCaller(state.error.Code))
            {
                writer.WriteString("Type"u8, "AdApiFaultDetail"u8);
                writer.WriteStartArray("Errors"u8);
                WriteError(writer, state.error, state.detail, "Detail"u8);
                writer.WriteEndArray();
                return;
            }

            writer.WriteString("Type"u8, "ApiFaultDetail"u8);
            writer.WriteStartArray("BatchErrors"u8);
            writer.WriteEndArray();
            writer.WriteStartArray("OperationErrors"u8);
            WriteError(writer, state.error, state.detail, "Details"u8);
            writer.WriteEndArray();
        });
    }

    /// <summary>An upload failed before its file was taken.</summary>
    public static VendorAnswer Upload(MicrosoftAdvertisingCall call, int code, int? status = null)
    {
        call.Errors.Add(code);
        var error = VendorErrors.Find(code);
        return JsonAnswers.Write(status ?? error.Status, (call, error), static (writer, state) =>
        {
            writer.WriteString("TrackingId"u8, state.call.TrackingId);
            writer.WriteString("RequestId"u8, state.call.RequestId);
            writer.WriteNumber("Code"u8, state.error.Code);
            writer.WriteString("ErrorCode"u8, state.error.Name);
            writer.WriteString("Message"u8, state.error.Message);
        });
    }

    public static void WritePartialErrors(Utf8JsonWriter writer, IEnumerable<PartialError> errors)
    {
        writer.WriteStartArray("PartialErrors"u8);
        foreach (var partial in errors)
        {
            var error = VendorErrors.Find(partial.Code);
            writer.WriteStartObject();
            writer.WriteNumber("Code"u8, error.Code);
            writer.WriteNull("Details"u8);
            writer.WriteString("ErrorCode"u8, error.Name);
            writer.WriteString("FieldPath"u8, partial.FieldPath);
            writer.WriteStartArray("ForwardCompatibilityMap"u8);
            writer.WriteEndArray();
            if (partial.Index is { } index)
            {
                writer.WriteNumber("Index"u8, index);
            }
            else
            {
                writer.WriteNull("Index"u8);
            }

            writer.WriteString("Message"u8, error.Message);
            writer.WriteString("Type"u8, "BatchError"u8);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteError(Utf8JsonWriter writer, VendorError error, string? detail, ReadOnlySpan<byte> detailName)
    {
        writer.WriteStartObject();
        writer.WriteNumber("Code"u8, error.Code);
        writer.WriteString(detailName, detail);
        writer.WriteString("ErrorCode"u8, error.Name);
        writer.WriteString("Message"u8, error.Message);
        writer.WriteEndObject();
    }
}
