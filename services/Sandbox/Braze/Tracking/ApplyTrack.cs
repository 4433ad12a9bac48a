using System.Buffers;
using CustomerInsights.Sandbox.Braze.Storing;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>What applying a batch did, for the counters.</summary>
internal struct TrackTally
{
    public int Created;
    public int Changed;
    public int Unchanged;

    /// <summary>Objects about nobody, which was not to be created.</summary>
    public int Ignored;

    /// <summary>Data points that Braze would have charged.</summary>
    public long Points;
}

/// <summary>Writes the accepted objects of a batch into the store, in Braze's order: attributes, events, purchases.</summary>
internal sealed class ApplyTrack(UserStore store)
{
    private readonly ArrayBufferWriter<byte> _key = new(1024);
    private readonly ArrayBufferWriter<byte> _merged = new(1024);
    private readonly ArrayBufferWriter<byte> _computed = new(256);
    private readonly List<Change> _changes = [];

    /// <summary>Caller holds the workspace's lock.</summary>
    public TrackTally Apply(TrackBatch batch, DateTimeOffset now, DateTimeOffset visibleAt)
    {
        var tally = new TrackTally();
        for (var array = TrackArray.Attributes; array <= TrackArray.Purchases; array++)
        {
            foreach (ref readonly var tracked in batch.Objects)
            {
                if (tracked.Array == array && tracked.Error is null)
                {
                    ApplyObject(batch, tracked, now, visibleAt, ref tally);
                }
            }
        }

        return tally;
    }

    private void ApplyObject(TrackBatch batch, in TrackedObject tracked, DateTimeOffset now, DateTimeOffset visibleAt, ref TrackTally tally)
    {
        var user = FindUser(batch, tracked);
        var isNew = user is null;
        if (user is null)
        {
            // An alias that nobody has creates nobody unless asked to; an external id does unless asked not to.
            if ((tracked.UpdateExistingOnly ?? tracked.Identifier == IdentifierKind.Alias) || tracked.Identifier == IdentifierKind.BrazeId)
            {
                tally.Ignored++;
                return;
            }

            user = tracked.Identifier is IdentifierKind.Email or IdentifierKind.Phone ? store.CreateNameless() : store.Create(_key.WrittenSpan.ToArray());
            tally.Created++;
        }

        if (tracked.Array != TrackArray.Attributes)
        {
            _ = tracked.Array == TrackArray.Events ? user.Events++ : user.Purchases++;
            tally.Points++;
            return;
        }

        tally.Points += CollectChanges(batch, tracked, user);
        var merged = Merge(user.Attributes);
        if (merged.SequenceEqual(user.Attributes) && !isNew)
        {
            tally.Unchanged++;
            return;
        }

        store.Replace(user, merged.ToArray(), isNew, now, visibleAt);
        tally.Changed += isNew ? 0 : 1;
    }

    private User? FindUser(TrackBatch batch, in TrackedObject tracked)
    {
        var id = batch.Bytes(tracked.Id);
        _key.ResetWrittenCount();
        switch (tracked.Identifier)
        {
            case IdentifierKind.ExternalId:
                _key.Write([UserKey.ExternalId]);
                break;
            case IdentifierKind.Alias:
                _key.Write([UserKey.Alias]);
                _key.Write(batch.Bytes(tracked.AliasLabel));
                _key.Write([(byte)0]);
                break;
            case IdentifierKind.BrazeId:
                return store.TryFindBrazeId(System.Text.Encoding.UTF8.GetString(id), out var user) ? user : null;
            default:
                return store.FindByValue(tracked.Identifier == IdentifierKind.Email ? "email"u8 : "phone"u8, id);
        }

        _key.Write(id);
        return store.Find(_key.WrittenSpan);
    }

    /// <summary>Turns the object's values into changes by attribute number, operators worked out; returns the points they cost.</summary>
    private long CollectChanges(TrackBatch batch, in TrackedObject tracked, User user)
    {
        _changes.Clear();
        _computed.ResetWrittenCount();
        var points = 0L;
        var existing = new AttributeBlob(user.Attributes);
        foreach (ref readonly var value in batch.ValuesOf(tracked))
        {
            var name = batch.Bytes(value.Name);
            var id = store.Names.IdOf(name);
            points += IsFree(name) ? 0 : 1;
            var json = batch.Bytes(value.Value);
            var start = _computed.WrittenCount;
            if (json[0] is (byte)'[' or (byte)'{' && AttributeOperators.Compute(existing.Find(id), json) is { } computed)
            {
                _computed.Write(computed);
            }
            else if (!value.IsNull)
            {
                _computed.Write(json);
            }

            Put(new Change { Id = id, Start = start, Length = _computed.WrittenCount - start });
        }

        return points;
    }

    private void Put(Change change)
    {
        for (var i = 0; i < _changes.Count; i++)
        {
            if (_changes[i].Id == change.Id)
            {
                _changes[i] = change;
                return;
            }
        }

        _changes.Add(change);
    }

    private ReadOnlySpan<byte> Merge(byte[] existing)
    {
        _merged.ResetWrittenCount();
        var changes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_changes);
        foreach (var entry in new AttributeBlob(existing))
        {
            var change = -1;
            for (var i = 0; i < changes.Length; i++)
            {
                change = changes[i].Id == entry.Id ? i : change;
            }

            if (change < 0)
            {
                AttributeBlob.Write(_merged, entry.Id, entry.Value);
            }
            else
            {
                Write(ref changes[change]);
            }
        }

        for (var i = 0; i < changes.Length; i++)
        {
            if (!changes[i].Used)
            {
                Write(ref changes[i]);
            }
        }

        return _merged.WrittenSpan;
    }

    private void Write(ref Change change)
    {
        change.Used = true;
        if (change.Length > 0)
        {
            AttributeBlob.Write(_merged, change.Id, _computed.WrittenSpan.Slice(change.Start, change.Length));
        }
    }

    private static bool IsFree(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("email_subscribe"u8) || name.SequenceEqual("push_subscribe"u8) || name.SequenceEqual("subscription_groups"u8);

    /// <summary>The new value of one attribute, a piece of the computed buffer; without length it is unset.</summary>
    private struct Change
    {
        public int Id;
        public int Start;
        public int Length;
        public bool Used;
    }
}
