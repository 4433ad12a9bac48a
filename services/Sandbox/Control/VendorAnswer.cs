namespace CustomerInsights.Sandbox.Control;

/// <summary>An answer with its whole body; status 0 when there is none.</summary>
internal readonly record struct VendorAnswer(int Status, ReadOnlyMemory<byte> Body);
