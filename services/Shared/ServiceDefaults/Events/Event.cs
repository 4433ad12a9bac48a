using Google.Protobuf;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>An event as a handler sees it.</summary>
/// <param name="Id">CloudEvents id; with <paramref name="Source"/> unique per distinct event.</param>
/// <param name="Source">CloudEvents source.</param>
/// <param name="Subject">Resource name that the event is about; may be empty.</param>
/// <param name="Time">When the fact happened, UTC; the time of receipt when the sender gave none.</param>
/// <param name="Data">The data.</param>
public sealed record Event<T>(string Id, string Source, string Subject, DateTimeOffset Time, T Data)
    where T : IMessage<T>;
