using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>Puts ids, time and author on exports.</summary>
internal sealed class ExportStamp(IdGenerator ids, TimeProvider time)
{
    public Export New(ExportName name, CheckedDefinition made, Caller caller, string requestId) =>
        new(ids.Next(), name, made.Definition, made.Warnings, time.GetStorableNow(), caller.Principal, requestId, ids.Next());

    public Export Change(Export export, CheckedDefinition made) =>
        export with { Definition = made.Definition, Warnings = made.Warnings, Etag = ids.Next() };

    /// <summary>The export that no refresh leads to a run of; what is due is forgotten.</summary>
    public Export StopFollowing(Export export) =>
        export with { Definition = export.Definition with { FollowRefreshes = false }, Due = null, Etag = ids.Next() };
}
