using System.Text.Json.Nodes;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Webhook;

/// <summary>Somebody of an audience, as the lines told.</summary>
public sealed record WebhookMember(string Audience, string Key, JsonObject Fields);

/// <summary>One request, in the order in which they took effect.</summary>
/// <param name="Status">Of the answer; 0 when none was given.</param>
/// <param name="Delivery">Its id, as the header told.</param>
/// <param name="Committed">Whether it took effect.</param>
/// <param name="Fault">The fault that was injected; null for none.</param>
public sealed record WebhookJournalEntry(long Sequence, DateTimeOffset Time, int Status, string Delivery, int Lines, int Rejected, bool Committed, int? Fault, string Body);

/// <summary>A receiver: its members, its journal, and what decides about requests.</summary>
internal sealed class WebhookReceiver(ulong seed, WebhookSettings settings)
{
    private const int JournalEntries = 10_000;
    private const long JournalBytes = 64L * 1024 * 1024;
    private const int BytesOfCharacter = 2;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Audience, string Key), JsonObject> _members = new(Comparer<(string Audience, string Key)>.Create(Compare));
    private readonly Journal<WebhookJournalEntry> _journal = new(JournalEntries, JournalBytes, entry => entry.Body.Length * BytesOfCharacter);

    public WebhookSettings Settings { get; set; } = settings;

    public FaultPlan Faults { get; private set; } = new(seed);

    public void Apply(IEnumerable<WebhookLine> lines)
    {
        lock (_gate)
        {
            foreach (var line in lines)
            {
                if (line.Fields is { } fields)
                {
                    _members[(line.Audience, line.Key)] = fields;
                }
                else
                {
                    _members.Remove((line.Audience, line.Key));
                }
            }
        }
    }

    public void Record(WebhookJournalEntry entry) => _journal.Add(entry);

    public IReadOnlyList<WebhookMember> Members()
    {
        lock (_gate)
        {
            return [.. _members.Select(member => new WebhookMember(member.Key.Audience, member.Key.Key, member.Value))];
        }
    }

    /// <summary>Requests after a sequence, oldest first.</summary>
    public IReadOnlyList<WebhookJournalEntry> Journal(long after, int limit) =>
        [.. _journal.Read(after, limit).Entries.Select(numbered => numbered.Entry with { Sequence = numbered.Sequence })];

    /// <summary>Forgets members, journal and faults; keeps settings.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            _members.Clear();
        }

        _journal.Clear();
        Faults = new FaultPlan(seed);
    }

    private static int Compare((string Audience, string Key) x, (string Audience, string Key) y) =>
        string.CompareOrdinal(x.Audience, y.Audience) is not 0 and var order ? order : string.CompareOrdinal(x.Key, y.Key);
}
