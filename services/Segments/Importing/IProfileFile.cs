using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Importing;

/// <summary>A file of profiles that arrives in pieces.</summary>
internal interface IProfileFile
{
    /// <summary>The attributes that the file gives; those it doesn't give keep their values. Known once a row was read.</summary>
    IReadOnlyList<ProfileAttribute> Attributes { get; }

    /// <summary>Name of the key attribute.</summary>
    string KeyName { get; }

    /// <summary>Column of the key, from 1; 0 in a format without columns.</summary>
    int KeyColumn { get; }

    /// <summary>Why the file cannot be read at all, or null. Once set, no rows come any more.</summary>
    Refusal? Refusal { get; }

    /// <summary>Adds bytes, cut anywhere. Read all rows before adding more.</summary>
    void Append(ReadOnlySpan<byte> chunk);

    /// <summary>Says that no more bytes follow.</summary>
    void Complete();

    /// <summary>The good rows that are complete by now; the bad ones go to the errors.</summary>
    IEnumerable<ProfileRow> ReadRows(ImportErrors errors);
}
