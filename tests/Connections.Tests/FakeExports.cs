using System.Collections.Concurrent;
using CustomerInsights.Contracts.Exports.V1;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests;

/// <summary>Stands in for Exports: tells which exports a test says there are.</summary>
internal sealed class FakeExports : ExportService.ExportServiceBase
{
    private readonly ConcurrentBag<Export> _exports = [];

    public void Use(string connection, string export) => _exports.Add(new Export { Name = export, Connection = connection });

    public override Task<ListExportsResponse> ListExports(ListExportsRequest request, ServerCallContext context)
    {
        var found = _exports.Where(export => export.Connection == request.Connection).OrderBy(export => export.Name, StringComparer.Ordinal).ToList();
        return Task.FromResult(new ListExportsResponse
        {
            Exports = { found.Take(request.PageSize) },
            NextPageToken = found.Count > request.PageSize ? "more" : "",
        });
    }
}
