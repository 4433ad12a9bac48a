using System.Collections.Frozen;
using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Braze.Tracking;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>The part of Braze's REST API that is imitated.</summary>
internal static class BrazeRoutes
{
    private const int MaxBody = 4_000_000;
    private const int MaxBulkBody = 2_000_000;

    private static readonly FrozenDictionary<string, BrazeRoute> ByPath = new BrazeRoute[]
    {
        new("POST", "/users/track", BrazePermissions.UsersTrack, LimitGroup.Track, MaxBody, TrackUsers.Track),
        new("POST", "/users/track/bulk", BrazePermissions.UsersTrackBulk, LimitGroup.Bulk, MaxBulkBody, TrackUsers.TrackBulk),
        new("POST", "/users/export/ids", BrazePermissions.UsersExportIds, LimitGroup.ExportIds, MaxBody, ExportUsersByIds.Handle),
        new("POST", "/users/export/segment", BrazePermissions.UsersExportSegment, LimitGroup.Shared, MaxBody, ExportUsersBySegment.Handle),
        new("POST", "/users/delete", BrazePermissions.UsersDelete, LimitGroup.Delete, MaxBody, DeleteUsers.Handle),
        new("GET", "/segments/list", BrazePermissions.SegmentsList, LimitGroup.Shared, MaxBody, BrowseSegments.List),
        new("GET", "/segments/details", BrazePermissions.SegmentsDetails, LimitGroup.Shared, MaxBody, BrowseSegments.Details),
        new("GET", "/kpi/mau/data_series", BrazePermissions.MauDataSeries, LimitGroup.Shared, MaxBody, CountActiveUsers.Handle),
    }.ToFrozenDictionary(r => r.Path, StringComparer.Ordinal);

    /// <summary>A wrong method and a trailing slash are as wrong as a wrong path.</summary>
    public static BrazeRoute? Find(string method, string path) => ByPath.TryGetValue(path, out var route) && route.Method == method ? route : null;
}
