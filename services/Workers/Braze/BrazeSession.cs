using System.Buffers;
using System.Text;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;
using Google.Protobuf;

namespace CustomerInsights.Workers.Braze;

/// <summary>One run to Braze: one audience, the union of the export's segments (D-06).</summary>
internal sealed class BrazeSession : IDestinationSession
{
    private const int Unmapped = -1;
    private static readonly MappingRefusal EmailMissing = new(BrazeReasons.EmailMissing, WantsAddress: true);
    private static readonly MappingRefusal EmailInvalid = new(BrazeReasons.EmailInvalid, WantsAddress: true);
    private static readonly MappingRefusal ExternalIdTooLarge = new(BrazeReasons.ExternalIdTooLarge, WantsAddress: false);

    private readonly BrazeExport _settings;
    private readonly BrazeConnectionHandle _connection;
    private readonly BrazeWire _wire;
    private readonly BrazeField[] _fields;
    private readonly int _email;
    private readonly int _externalId;

    public BrazeSession(Export export, BrazeConnectionHandle connection, DestinationLimits limits)
    {
        (_settings, _connection, Limits) = (export.Braze, connection, limits);
        _wire = new BrazeWire(_settings);
        var columns = new List<string>();
        _email = Column(columns, _settings.EmailAttribute);
        _externalId = _settings.ExternalIdAttribute.Length == 0 ? Unmapped : Column(columns, _settings.ExternalIdAttribute);
        _fields = [.. _settings.FieldAttributes.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => new BrazeField(field.Key, Column(columns, field.Value)))];
        Attributes = columns;
        Audiences = [new Audience(BrazeWire.MembershipName(_settings), [.. export.Segments])];
        Definition = DefinitionOf(_settings);
    }

    public DestinationLimits Limits { get; }

    public IReadOnlyList<string> Attributes { get; }

    public IReadOnlyList<Audience> Audiences { get; }

    public string Definition { get; }

    public MappedMember Map(string audience, Member member, StandingDelivery? standing, IBufferWriter<byte> payload)
    {
        var email = TextOf(member, _email)?.Trim() ?? "";
        if (email.Length == 0)
        {
            return MappedMember.Refused(EmailMissing);
        }

        if (!EmailAddress.IsValid(email))
        {
            return MappedMember.Refused(EmailInvalid);
        }

        var externalId = TextOf(member, _externalId);
        var key = string.IsNullOrWhiteSpace(externalId) ? new BrazeKey(true, member.CustomerId) : new BrazeKey(false, externalId);
        return !key.IsAlias && Encoding.UTF8.GetByteCount(key.Id) > BrazeLimits.ExternalIdBytes
            ? MappedMember.Refused(ExternalIdTooLarge)
            : Write(member, key, email, standing, payload);
    }

    public bool MapRemoval(string audience, string key, IBufferWriter<byte> payload)
    {
        if (_settings.OnRemoval == BrazeOnRemoval.Keep)
        {
            return false;
        }

        _wire.WriteLeaver(payload, BrazeKey.Parse(key), audience);
        return true;
    }

    public Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken) => _connection.TrackAsync(batch, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _wire.Dispose();
        return ValueTask.CompletedTask;
    }

    // What decides whether a member changed comes first; fields that were set before and are empty now follow as nulls.
    private MappedMember Write(Member member, BrazeKey key, string email, StandingDelivery? standing, IBufferWriter<byte> payload)
    {
        var json = _wire.BeginMember(payload, key, email);
        var set = 0UL;
        foreach (var field in _fields)
        {
            set |= field.Write(json, member.Values[field.Column]) ? field.Mark : 0;
        }

        var compared = _wire.Written;
        var matchingKey = key.MatchingKey;
        if (standing is { } before && before.Key == matchingKey && before.Fields != 0)
        {
            // Field by field: one that is written now says nothing about another with the same mark.
            foreach (var field in _fields.Where(field => (field.Mark & before.Fields) != 0 && !BrazeField.IsWritten(member.Values[field.Column])))
            {
                field.Clear(json);
            }
        }

        _wire.End();
        return MappedMember.As(matchingKey, set, compared);
    }

    private static string? TextOf(Member member, int column) => column == Unmapped ? null : BrazeField.PlainText(member.Values[column]);

    private static int Column(List<string> columns, string attribute)
    {
        var column = columns.IndexOf(attribute);
        if (column < 0)
        {
            columns.Add(attribute);
        }

        return column < 0 ? columns.Count - 1 : column;
    }

    // What leavers get is left out: it changes nothing for members. Map entries have no order on the wire, so they get one.
    private static string DefinitionOf(BrazeExport settings)
    {
        var clone = settings.Clone();
        clone.OnRemoval = BrazeOnRemoval.Unspecified;
        var fields = string.Join('\n', clone.FieldAttributes.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"{field.Key}={field.Value}"));
        clone.FieldAttributes.Clear();
        return $"{JsonFormatter.Default.Format(clone)}\n{fields}";
    }
}
