namespace CustomerInsights.Segments.Declaring;

/// <summary>Type of an attribute and of its values (SEG-5). The numbers are those of the wire and of the database.</summary>
internal enum AttributeKind
{
    String = 1,
    Number = 2,
    Date = 3,
    Boolean = 4,
}
