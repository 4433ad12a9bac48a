using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Importing;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments;

/// <summary>Profiles and imports as the contract has them.</summary>
internal static class ProfileWire
{
    public static GivenProfile Read(Profile profile) =>
        new(profile.CustomerId, profile.Attributes.ToDictionary(a => a.Key, a => ScalarWire.Read(a.Value)));

    public static ImportProfilesResponse Write(ImportOutcome outcome) => new()
    {
        RowsRead = outcome.RowsRead,
        Inserted = outcome.Merged.Inserted,
        Updated = outcome.Merged.Updated,
        Unchanged = outcome.Merged.Unchanged,
        Deleted = outcome.Merged.Deleted,
        Rejected = outcome.Rejected,
        Errors = { outcome.Errors.Select(Write) },
        ChangeNumber = outcome.Merged.ChangeNumber,
    };

    private static Wire.ImportError Write(Importing.ImportError error) => new()
    {
        Line = error.Line, Column = error.Column, Field = error.Field, Reason = error.Reason, Message = error.Message,
    };
}
