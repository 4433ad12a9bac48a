namespace CustomerInsights.Sandbox.Control;

/// <summary>An answer with its whole body; status 0 when there is none.</summary>
/// <param name="ContentType">What the body is; null for JSON.</param>
/// <param name="Location">Where a redirect leads to; null for none.</param>
internal readonly record struct VendorAnswer(int Status, ReadOnlyMemory<byte> Body, string? ContentType = null, string? Location = null);
