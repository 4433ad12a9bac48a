using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>POST /users/track and /users/track/bulk.</summary>
internal static class TrackUsers
{
    private const int MaxObjects = 75;
    private const int MaxBulkObjects = 1_000;
    private const int MaxBulkObjectsPerUser = 100;

    [ThreadStatic]
    private static TrackBatch? _batch;

    public static VendorAnswer Track(BrazeCall call) => Handle(call, isBulk: false);

    public static VendorAnswer TrackBulk(BrazeCall call) => Handle(call, isBulk: true);

    private static VendorAnswer Handle(BrazeCall call, bool isBulk)
    {
        var batch = _batch ??= new TrackBatch();
        if ((TrackParser.Parse(call.Body, batch) ?? TooMany(batch, call.Workspace.Settings, isBulk)) is { } unreadable)
        {
            return BrazeAnswers.Message(StatusCodes.Status400BadRequest, unreadable);
        }

        foreach (ref var tracked in batch.Objects)
        {
            ObjectRules.Check(batch, ref tracked);
        }

        InjectedRejections.Apply(call.Rejections, batch);
        var rejected = CountRejected(batch);
        var accepted = batch.Objects.Length - rejected;
        Note(call, batch, rejected);
        if (accepted > 0)
        {
            Commit(call, batch, accepted, rejected);
            return Answer(call.Workspace.Settings, batch, rejected);
        }

        call.Workspace.Counters.Tracked(0, rejected, default);
        return BrazeAnswers.Write(StatusCodes.Status400BadRequest, (batch, call.Workspace.Settings, rejected), static (writer, state) =>
        {
            writer.WriteString("message"u8, BrazeMessages.NoValidData);
            WriteErrors(writer, state.Settings, state.batch, state.rejected);
        });
    }

    private static void Commit(BrazeCall call, TrackBatch batch, int accepted, int rejected)
    {
        var workspace = call.Workspace;
        TrackTally tally;
        lock (workspace.Gate)
        {
            tally = workspace.Writer.Apply(batch, call.Now, call.Now.AddMilliseconds(workspace.Settings.VisibilityDelayMilliseconds));
        }

        call.Committed = true;
        workspace.Counters.Tracked(accepted, rejected, tally);
    }

    private static string? TooMany(TrackBatch batch, BrazeSettings settings, bool isBulk)
    {
        var most = isBulk ? MaxBulkObjects : MaxObjects;
        var fits = !isBulk && settings.LegacyObjectLimit
            ? batch.CountOf(TrackArray.Attributes) <= most && batch.CountOf(TrackArray.Events) <= most && batch.CountOf(TrackArray.Purchases) <= most
            : batch.Objects.Length <= most;
        if (!fits)
        {
            return $"The request holds more than {most} objects.";
        }

        return isBulk && MostPerUser(batch) > MaxBulkObjectsPerUser ? $"The request holds more than {MaxBulkObjectsPerUser} objects for one user." : null;
    }

    private static int MostPerUser(TrackBatch batch)
    {
        var counts = new Dictionary<string, int>();
        foreach (ref readonly var tracked in batch.Objects)
        {
            var who = $"{tracked.Identifier} {Convert.ToHexString(batch.Bytes(tracked.AliasLabel))} {Convert.ToHexString(batch.Bytes(tracked.Id))}";
            counts[who] = counts.GetValueOrDefault(who) + 1;
        }

        return counts.Count == 0 ? 0 : counts.Values.Max();
    }

    private static int CountRejected(TrackBatch batch)
    {
        var rejected = 0;
        foreach (ref readonly var tracked in batch.Objects)
        {
            rejected += tracked.Error is null ? 0 : 1;
        }

        return rejected;
    }

    private static void Note(BrazeCall call, TrackBatch batch, int rejected)
    {
        call.Attributes = batch.CountOf(TrackArray.Attributes);
        call.Events = batch.CountOf(TrackArray.Events);
        call.Purchases = batch.CountOf(TrackArray.Purchases);
        call.Rejected = rejected;
        if (call.Workspace.Settings.Journal >= JournalMode.Ids)
        {
            call.Subjects = JournalSubjects.Encode(batch);
        }
    }

    private static VendorAnswer Answer(BrazeSettings settings, TrackBatch batch, int rejected) =>
        BrazeAnswers.Write(StatusCodes.Status201Created, (batch, settings, rejected), static (writer, state) =>
        {
            WriteProcessed(writer, state.batch, TrackArray.Attributes, "attributes_processed"u8);
            WriteProcessed(writer, state.batch, TrackArray.Events, "events_processed"u8);
            WriteProcessed(writer, state.batch, TrackArray.Purchases, "purchases_processed"u8);
            writer.WriteString("message"u8, BrazeMessages.Success);
            WriteErrors(writer, state.settings, state.batch, state.rejected);
        });

    private static void WriteProcessed(Utf8JsonWriter writer, TrackBatch batch, TrackArray array, ReadOnlySpan<byte> name)
    {
        if (!batch.Has(array))
        {
            return;
        }

        var processed = 0;
        foreach (ref readonly var tracked in batch.Objects)
        {
            processed += tracked.Array == array && tracked.Error is null ? 1 : 0;
        }

        writer.WriteNumber(name, processed);
    }

    private static void WriteErrors(Utf8JsonWriter writer, BrazeSettings settings, TrackBatch batch, int rejected)
    {
        if (rejected == 0)
        {
            return;
        }

        writer.WriteStartArray("errors"u8);
        foreach (ref readonly var tracked in batch.Objects)
        {
            if (tracked.Error is null)
            {
                continue;
            }

            writer.WriteStartObject();
            if (settings.IndexedErrors && !tracked.ErrorUnindexed)
            {
                writer.WriteNumber("index"u8, tracked.Index);
                writer.WriteString("input_array"u8, tracked.Array switch
                {
                    TrackArray.Attributes => "attributes"u8,
                    TrackArray.Events => "events"u8,
                    _ => "purchases"u8,
                });
            }

            writer.WriteString("type"u8, tracked.Error);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
