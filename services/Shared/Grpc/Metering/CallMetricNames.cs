namespace CustomerInsights.Rpc.Metering;

/// <summary>Every metric of calls, with the names that OpenTelemetry gives them; dashboards and alerts refer to these.</summary>
internal static class CallMetricNames
{
    /// <summary>Seconds of an outgoing call; tags rpc.method, rpc.response.status_code, of errors error.type.</summary>
    public const string ClientDuration = "rpc.client.call.duration";

    /// <summary>Seconds of an incoming call; the same tags.</summary>
    public const string ServerDuration = "rpc.server.call.duration";
}
