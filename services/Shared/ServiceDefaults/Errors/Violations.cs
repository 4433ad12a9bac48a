namespace CustomerInsights.ServiceDefaults.Errors;

/// <summary>Collects every wrong field of a request, so that a caller learns all at once.</summary>
public sealed class Violations
{
    private readonly List<FieldViolation> _found = [];

    /// <summary>True while nothing is wrong.</summary>
    public bool None => _found.Count == 0;

    public void Add(string field, string description) => _found.Add(new FieldViolation(field, description));

    /// <summary>Adds a violation unless the condition holds; tells whether it holds.</summary>
    public bool Check(bool holds, string field, string description)
    {
        if (!holds)
        {
            Add(field, description);
        }

        return holds;
    }

    /// <summary>All violations as one refusal. Call only when there are some.</summary>
    public Refusal ToRefusal() => Refusal.Invalid(_found);
}
