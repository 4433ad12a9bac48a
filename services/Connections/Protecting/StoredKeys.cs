using System.Xml.Linq;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace CustomerInsights.Connections.Protecting;

/// <summary>
/// The keys of the table, as Data Protection wants them. Its interface is synchronous and the database is not, so keys are
/// read beforehand, and what it adds is written afterwards.
/// </summary>
internal sealed class StoredKeys : IXmlRepository
{
    private readonly List<XElement> _elements;
    private readonly List<(string Id, XElement Xml)> _added = [];

    private StoredKeys(IEnumerable<string> documents) => _elements = [.. documents.Select(XElement.Parse)];

    public static StoredKeys None => new([]);

    public static async Task<StoredKeys> ReadAsync(Session session) => new(await session.QueryAsync<string>("SELECT xml FROM protection_keys ORDER BY key_id"));

    public IReadOnlyCollection<XElement> GetAllElements() => _elements;

    public void StoreElement(XElement element, string friendlyName) => _added.Add((friendlyName, element));

    public async Task WriteAddedAsync(Transaction transaction, DateTimeOffset now)
    {
        foreach (var (id, xml) in _added)
        {
            await transaction.ExecuteAsync(
                "INSERT INTO protection_keys (key_id, xml, created_at) VALUES (@id, @xml, @now)",
                new { id, xml = xml.ToString(SaveOptions.DisableFormatting), now = now.ToMicroseconds() });
        }
    }
}
