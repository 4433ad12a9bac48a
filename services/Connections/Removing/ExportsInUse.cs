using CustomerInsights.Connections.Defining;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Connections.Removing;

/// <summary>Asks Exports what uses a connection (CON-21).</summary>
internal sealed class ExportsInUse(ExportService.ExportServiceClient exports)
{
    private const int Named = 20;

    /// <summary>The refusal that names the exports; null when nothing uses the connection.</summary>
    public async Task<Refusal?> RefuseAsync(ConnectionName connection, CancellationToken cancellationToken)
    {
        var request = new ListExportsRequest { Parent = $"environments/{connection.Environment}", Connection = connection.ToString(), PageSize = Named };
        var page = await exports.ListExportsAsync(request, cancellationToken: cancellationToken);
        if (page.Exports.Count == 0)
        {
            return null;
        }

        var names = string.Join(", ", page.Exports.Select(export => export.Name));
        var more = page.NextPageToken.Length > 0 ? ", and more" : "";
        return Refusal.Precondition("CONNECTION_IN_USE", $"Exports use the connection: {names}{more}. Remove or disconnect them first.");
    }
}
