using System.Buffers;
using System.Text;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;
using Google.Protobuf;

namespace CustomerInsights.Workers.Webhook;

/// <summary>One run to a webhook: one audience, the union of the export's segments (D-06), known by the name of the export.</summary>
internal sealed class WebhookSession : IDestinationSession
{
    private const int CustomerId = -1;
    private static readonly MappingRefusal KeyMissing = new(WebhookReasons.KeyMissing, WantsAddress: true);
    private static readonly MappingRefusal KeyTooLong = new(WebhookReasons.KeyTooLong, WantsAddress: false);

    private readonly WebhookConnectionHandle _connection;
    private readonly WebhookWire _wire = new();
    private readonly WebhookField[] _fields;
    private readonly int _key;
    private readonly bool _sendsRemovals;

    public WebhookSession(Export export, WebhookConnectionHandle connection, WebhookOptions options)
    {
        var settings = export.Webhook;
        (_connection, _sendsRemovals, Limits) = (connection, !settings.HasSendRemovals || settings.SendRemovals, WebhookLimits.Of(settings, options));
        var columns = new List<string>();
        _key = settings.KeyAttribute.Length == 0 ? CustomerId : Column(columns, settings.KeyAttribute);
        _fields = [.. settings.Attributes.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => new WebhookField(field.Key, Column(columns, field.Value)))];
        Attributes = columns;
        Audiences = [new Audience(export.Name, [.. export.Segments])];
        Definition = DefinitionOf(settings);
    }

    public DestinationLimits Limits { get; }

    public IReadOnlyList<string> Attributes { get; }

    public IReadOnlyList<Audience> Audiences { get; }

    public string Definition { get; }

    public MappedMember Map(string audience, Member member, StandingDelivery? standing, IBufferWriter<byte> payload)
    {
        var key = _key == CustomerId ? member.CustomerId : WebhookField.PlainText(member.Values[_key]);
        if (string.IsNullOrWhiteSpace(key))
        {
            return MappedMember.Refused(KeyMissing);
        }

        if (Encoding.UTF8.GetByteCount(key) > WebhookLimits.KeyBytes)
        {
            return MappedMember.Refused(KeyTooLong);
        }

        var json = _wire.BeginMember(payload, audience, key);
        foreach (var field in _fields)
        {
            field.Write(json, member);
        }

        // All fields are in every line, so none has to be cleared by itself.
        return MappedMember.As(key, fields: 0, _wire.EndMember(isKnown: standing?.Key == key));
    }

    public bool MapRemoval(string audience, string key, IBufferWriter<byte> payload)
    {
        if (_sendsRemovals)
        {
            _wire.WriteLeaver(payload, audience, key);
        }

        return _sendsRemovals;
    }

    public Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken) => _connection.PostAsync(batch, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _wire.Dispose();
        return ValueTask.CompletedTask;
    }

    private static int Column(List<string> columns, string attribute)
    {
        var column = columns.IndexOf(attribute);
        if (column < 0)
        {
            columns.Add(attribute);
        }

        return column < 0 ? columns.Count - 1 : column;
    }

    // How many lines a request has, and what leavers get, changes nothing for members. Map entries have no order on the wire,
    // so they get one.
    private static string DefinitionOf(WebhookExport settings)
    {
        var fields = string.Join('\n', settings.Attributes.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"{field.Key}={field.Value}"));
        return $"{JsonFormatter.Default.Format(new WebhookExport { KeyAttribute = settings.KeyAttribute })}\n{fields}";
    }
}
