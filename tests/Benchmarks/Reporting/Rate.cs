namespace CustomerInsights.Benchmarks.Reporting;

/// <summary>Something done over and over in this process, client and server together.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Operations">How often.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="ProcessorSeconds">Processor time of this process meanwhile.</param>
/// <param name="Bytes">Payload that was moved.</param>
/// <param name="AllocatedBytes">Memory taken from the heap of this process.</param>
internal sealed record Rate(string Name, long Operations, double Seconds, double ProcessorSeconds, long Bytes, long AllocatedBytes)
{
    public double PerSecond => Operations / Seconds;

    /// <summary>Operations that one processor does in a second of its time.</summary>
    public double PerProcessorSecond => Operations / ProcessorSeconds;

    public double BytesPerSecond => Bytes / Seconds;

    public double AllocatedPerOperation => (double)AllocatedBytes / Operations;
}
