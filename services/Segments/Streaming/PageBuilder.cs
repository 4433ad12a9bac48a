using System.Data.Common;
using CustomerInsights.Segments.Declaring;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Streaming;

/// <summary>
/// Builds the pages of a stream straight from rows of the database. Half of what a run of an export costs this service is
/// spent here, so there is no type between the row and the message.
/// </summary>
internal sealed class PageBuilder(IReadOnlyList<ProfileAttribute> attributes)
{
    public const int MaxRows = 1000;

    // Far below what a gRPC message may have, whatever the attributes hold.
    private const int MaxCharacters = 512 * 1024;

    private static readonly Wire.AttributeValue Null = new();
    private static readonly Wire.AttributeValue True = new() { BooleanValue = true };
    private static readonly Wire.AttributeValue False = new() { BooleanValue = false };

    private readonly AttributeKind[] _kinds = [.. attributes.Select(a => a.Kind)];
    private int _characters;

    /// <summary>The page under construction.</summary>
    public Wire.MembershipPage Page { get; private set; } = new();

    public bool IsFull => Page.Members.Count + Page.RemovedCustomerIds.Count >= MaxRows || _characters >= MaxCharacters;

    public bool IsEmpty => Page.Members.Count + Page.RemovedCustomerIds.Count == 0;

    /// <summary>The page, and begins the next one.</summary>
    public Wire.MembershipPage Take()
    {
        var page = Page;
        Page = new Wire.MembershipPage();
        _characters = 0;
        return page;
    }

    /// <summary>Adds the row (id, bits, attributes) that the reader stands on.</summary>
    public void AddMember(DbDataReader row)
    {
        var member = new Wire.Member { CustomerId = row.GetString(0), SegmentBits = (ulong)row.GetInt64(1) };
        _characters += member.CustomerId.Length;
        member.Values.Capacity = _kinds.Length;
        for (var i = 0; i < _kinds.Length; i++)
        {
            member.Values.Add(Value(row, i + 2, _kinds[i]));
        }

        Page.Members.Add(member);
    }

    /// <summary>Adds the row (id) that the reader stands on.</summary>
    public void AddRemoved(DbDataReader row)
    {
        var id = row.GetString(0);
        _characters += id.Length;
        Page.RemovedCustomerIds.Add(id);
    }

    private Wire.AttributeValue Value(DbDataReader row, int column, AttributeKind kind)
    {
        if (row.IsDBNull(column))
        {
            return Null;
        }

        switch (kind)
        {
            case AttributeKind.String:
                var text = row.GetString(column);
                _characters += text.Length;
                return new Wire.AttributeValue { StringValue = text };
            case AttributeKind.Number:
                return new Wire.AttributeValue { NumberValue = row.GetDouble(column) };
            case AttributeKind.Date:
                return new Wire.AttributeValue { DateValue = ScalarWire.ToTimestamp(row.GetInt64(column)) };
            default:
                return row.GetBoolean(column) ? True : False;
        }
    }
}
