using CustomerInsights.Segments.Declaring;

namespace CustomerInsights.Segments.Importing;

/// <summary>One good row on its way into the profile table.</summary>
/// <param name="Line">Where it comes from: the line of the file, or the number in a request, from 1.</param>
/// <param name="Id">The customer id.</param>
/// <param name="IsDeleted">The profile shall be deleted; the values are then of no concern.</param>
/// <param name="Values">Values in the order of the attributes that the source gives.</param>
internal readonly record struct ProfileRow(long Line, string Id, bool IsDeleted, Scalar[] Values);
