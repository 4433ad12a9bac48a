using System.Text;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>Where the columns of a file are, by the names in its first row; -1 for those it has not.</summary>
internal sealed class BulkColumns
{
    private readonly Dictionary<string, int> _places = new(StringComparer.OrdinalIgnoreCase);

    public BulkColumns(RowReader header)
    {
        for (var i = 0; i < header.FieldCount; i++)
        {
            _places.TryAdd(Encoding.UTF8.GetString(header.Field(i)), i);
        }

        (Type, Status, Id, ParentId, ClientId) = (Find("Type"), Find("Status"), Find("Id"), Find("Parent Id"), Find("Client Id"));
        (Name, Description, Scope, Audience) = (Find("Name"), Find("Description"), Find("Scope"), Find("Audience"));
        (ActionType, AcceptTerm, Duration) = (Find("Action Type"), Find("Accept Customer Match Term"), Find("Membership Duration"));
        (SubType, Text) = (Find("Sub Type"), Find("Text"));
    }

    public int Type { get; }

    public int Status { get; }

    public int Id { get; }

    public int ParentId { get; }

    public int ClientId { get; }

    public int Name { get; }

    public int Description { get; }

    public int Scope { get; }

    public int Audience { get; }

    public int ActionType { get; }

    public int AcceptTerm { get; }

    public int Duration { get; }

    public int SubType { get; }

    public int Text { get; }

    public int Find(string name) => _places.TryGetValue(name, out var place) ? place : -1;
}
