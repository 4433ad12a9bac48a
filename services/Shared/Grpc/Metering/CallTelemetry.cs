using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grpc.Net.Client;

namespace CustomerInsights.Rpc.Metering;

/// <summary>
/// Traces and metrics of calls, by the RPC conventions of OpenTelemetry 1.45: attributes "rpc.system.name", "rpc.method",
/// "rpc.response.status_code", of errors "error.type", of clients "server.address" and "server.port".
/// </summary>
internal static class CallTelemetry
{
    public const string Name = "CustomerInsights.Rpc";

    /// <summary>Stands for the start of a call when nobody wanted to know how long it takes.</summary>
    private const long NotMeasured = 0;

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    private static readonly Histogram<double> ClientDuration = Meter.CreateHistogram(CallMetricNames.ClientDuration, "s", "Duration of outgoing calls.", null, Seconds);
    private static readonly Histogram<double> ServerDuration = Meter.CreateHistogram(CallMetricNames.ServerDuration, "s", "Duration of incoming calls.", null, Seconds);
    private static readonly ConcurrentDictionary<string, string> Methods = new(StringComparer.Ordinal);

    private static readonly string[] Codes =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>When a call begins by its clock, or <see cref="NotMeasured"/>: small calls feel the price of looking at a clock.</summary>
    public static long StartClock(TimeProvider time) => ClientDuration.Enabled || ServerDuration.Enabled ? time.GetTimestamp() : NotMeasured;

    /// <summary>The activity of a call, or null when nobody listens. It isn't the caller's current one.</summary>
    public static Activity? StartClient(GrpcChannel channel, IMethod method)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var callers = Activity.Current;
        var activity = Source.StartActivity(NameOf(method), ActivityKind.Client, default(ActivityContext), TagsOf(method, channel));
        Activity.Current = callers;
        return activity;
    }

    public static void EndClient(GrpcChannel channel, IMethod method, StatusCode status, long started, Activity? activity)
    {
        if (activity is null && !ClientDuration.Enabled)
        {
            return;
        }

        End(ClientDuration, Elapsed(channel.Time, started), activity, TagsOf(method, channel), status, status != StatusCode.OK);

        // Whoever ends the call keeps the activity it is in.
        var current = Activity.Current;
        activity?.Stop();
        Activity.Current = current == activity ? activity?.Parent : current;
    }

    /// <param name="method">The method.</param>
    /// <param name="status">How the call ended.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="started">From <see cref="StartClock"/>.</param>
    /// <param name="activity">That of the HTTP request, if it is of interest.</param>
    public static void EndServer(IMethod method, StatusCode status, TimeProvider time, long started, Activity? activity)
    {
        if (activity is not null || ServerDuration.Enabled)
        {
            activity?.DisplayName = NameOf(method);
            End(
                ServerDuration, Elapsed(time, started), activity, TagsOf(method, null), status,
                status is StatusCode.Unknown or StatusCode.DeadlineExceeded or StatusCode.Unimplemented or StatusCode.Internal or StatusCode.Unavailable or StatusCode.DataLoss);
        }
    }

    private static TimeSpan? Elapsed(TimeProvider time, long started) => started == NotMeasured ? null : time.GetElapsedTime(started);

    private static void End(Histogram<double> duration, TimeSpan? elapsed, Activity? activity, TagList tags, StatusCode status, bool isError)
    {
        var code = (uint)status < Codes.Length ? Codes[(int)status] : Codes[(int)StatusCode.Unknown];
        tags.Add("rpc.response.status_code", code);
        if (isError)
        {
            tags.Add("error.type", code);
            activity?.SetStatus(ActivityStatusCode.Error);
        }

        if (elapsed is { } measured)
        {
            duration.Record(measured.TotalSeconds, tags);
        }

        foreach (var (key, value) in activity is null ? default : tags)
        {
            activity!.SetTag(key, value);
        }
    }

    private static TagList TagsOf(IMethod method, GrpcChannel? channel)
    {
        var tags = new TagList { { "rpc.system.name", "grpc" }, { "rpc.method", NameOf(method) } };
        if (channel is not null)
        {
            tags.Add("server.address", channel.Address.Host);
            tags.Add("server.port", channel.Port);
        }

        return tags;
    }

    /// <summary>The name without the slash that the path begins with.</summary>
    private static string NameOf(IMethod method) => Methods.GetOrAdd(method.FullName, static path => path[1..]);
}
