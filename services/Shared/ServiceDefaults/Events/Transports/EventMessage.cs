namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>What MassTransit is given to carry: the bytes of a CloudEvent, with nothing around them.</summary>
internal sealed record EventMessage(byte[] Body);
