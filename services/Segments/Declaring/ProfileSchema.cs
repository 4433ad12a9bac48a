namespace CustomerInsights.Segments.Declaring;

/// <summary>What a profile consists of: the key and the attributes, in the order of their declaration.</summary>
/// <param name="KeyAttribute">The attribute that holds the customer id, as it is spelled in <paramref name="Attributes"/>.</param>
/// <param name="Attributes">All attributes, the key among them.</param>
internal sealed record ProfileSchema(string KeyAttribute, IReadOnlyList<ProfileAttribute> Attributes)
{
    public const int MaxAttributes = 200;

    private readonly Dictionary<string, ProfileAttribute> _byName = Attributes.ToDictionary(a => a.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The attributes that have a column of their own: all but the key.</summary>
    public IEnumerable<ProfileAttribute> Columns => Attributes.Where(a => !IsKey(a));

    public ProfileAttribute? Find(string name) => _byName.GetValueOrDefault(name);

    public bool IsKey(ProfileAttribute attribute) => attribute.IsNamed(KeyAttribute);

    /// <summary>The quoted column that holds the attribute.</summary>
    public string ColumnOf(ProfileAttribute attribute) => IsKey(attribute) ? ProfileSet.IdColumn : attribute.Column;
}
