using System.Diagnostics;

namespace CustomerInsights.ServiceDefaults.Telemetry;

/// <summary>What may be kept of an exception: its types and where it was thrown. A message may hold values, so it is left out.</summary>
public static class ExceptionOutline
{
    private const int MaxCauses = 4;
    private const int MaxFrames = 6;

    /// <summary>One line such as "InvalidOperationException at Store.ReadAsync, Door.GetAsync &lt;- SocketException (ConnectionRefused)".</summary>
    public static string Of(Exception exception)
    {
        var causes = new List<string>();
        for (var cause = exception; cause is not null && causes.Count < MaxCauses; cause = cause.InnerException)
        {
            causes.Add(Describe(cause));
        }

        return string.Join(" <- ", causes);
    }

    private static string Describe(Exception exception)
    {
        var frames = new StackTrace(exception, fNeedFileInfo: false).GetFrames()
            .Select(frame => frame.GetMethod())
            .Where(method => method?.DeclaringType is { Namespace: { } space } && !space.StartsWith("System.", StringComparison.Ordinal))
            .Take(MaxFrames)
            .Select(method => Readable(method!.DeclaringType!, method.Name));
        var at = string.Join(", ", frames);
        return $"{exception.GetType().Name}{Code(exception)}{(at.Length == 0 ? "" : $" at {at}")}";
    }

    private static string Code(Exception exception) => exception switch
    {
        System.Net.Sockets.SocketException socket => $" ({socket.SocketErrorCode})",
        System.Data.Common.DbException { SqlState: { } state } => $" ({state})",
        Microsoft.Data.Sqlite.SqliteException sqlite => $" ({sqlite.SqliteExtendedErrorCode})",
        Grpc.Core.RpcException rpc => $" ({rpc.StatusCode})",
        HttpRequestException { StatusCode: { } status } => $" ({(int)status})",
        _ => "",
    };

    // An async method is "MoveNext" of a class of its own, "<ReadAsync>d__3", inside the class that everybody knows.
    private static string Readable(Type type, string method) =>
        type.Name.StartsWith('<') && type.DeclaringType is { } outer ? Readable(outer, type.Name[1..].Split('>')[0] is { Length: > 0 } name ? name : method) : $"{type.Name}.{method}";
}
