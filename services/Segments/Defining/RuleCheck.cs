using System.Globalization;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Defining;

/// <summary>Checks a rule against a schema and reports every violation with the path of its field.</summary>
internal sealed class RuleCheck(ProfileSchema schema, Violations violations)
{
    public const int MaxDepth = 10;
    public const int MaxComparisons = 200;

    // Every value becomes a parameter of the statement; SQLite takes 32,766 of them.
    public const int MaxValues = 10_000;

    public static void Check(Rule rule, ProfileSchema schema, string path, Violations violations)
    {
        var check = new RuleCheck(schema, violations);
        check.CheckRule(rule, path, depth: 1);
        var comparisons = rule.Comparisons.ToList();
        violations.Check(comparisons.Count <= MaxComparisons, path, $"has {comparisons.Count} comparisons; at most {MaxComparisons} are allowed.");
        var values = comparisons.Sum(c => c.Values.Count);
        violations.Check(values <= MaxValues, path, $"has {values} values in all; at most {MaxValues} are allowed.");
    }

    private void CheckRule(Rule rule, string path, int depth)
    {
        if (!violations.Check(depth <= MaxDepth, path, $"is nested deeper than {MaxDepth} levels."))
        {
            return;
        }

        switch (rule)
        {
            case Comparison comparison:
                CheckComparison(comparison, path + ".comparison");
                break;
            case Group group:
                CheckGroup(group, path + ".group", depth);
                break;
            default:
                violations.Add(path, "is required: give a comparison or a group.");
                break;
        }
    }

    private void CheckGroup(Group group, string path, int depth)
    {
        violations.Check(group.Junction is Junction.And or Junction.Or, path + ".operator", "must be LOGICAL_OPERATOR_AND or LOGICAL_OPERATOR_OR.");
        violations.Check(group.Rules.Count > 0, path + ".conditions", "must hold at least one condition.");
        for (var i = 0; i < group.Rules.Count; i++)
        {
            CheckRule(group.Rules[i], string.Create(CultureInfo.InvariantCulture, $"{path}.conditions[{i}]"), depth + 1);
        }
    }

    private void CheckComparison(Comparison comparison, string path)
    {
        var attribute = schema.Find(comparison.Attribute);
        violations.Check(attribute is not null, path + ".attribute", "is no attribute of the profile schema.");
        var shape = OperatorShape.Of(comparison.Operator);
        if (!violations.Check(shape is not null, path + ".operator", "is required and must be an operator this version knows.") || attribute is null)
        {
            return;
        }

        if (!violations.Check(
            shape!.Kinds.Contains(attribute.Kind), path + ".operator", $"does not apply to {Name(attribute.Kind)} attributes."))
        {
            return;
        }

        violations.Check(
            !comparison.IgnoreCase || attribute.Kind is AttributeKind.String, path + ".ignore_case", "applies to string attributes only.");
        CheckUnit(comparison, path + ".unit");
        CheckValues(comparison, shape, shape.ValueKind ?? attribute.Kind, path + ".values");
    }

    private void CheckUnit(Comparison comparison, string path)
    {
        if (comparison.Operator is Operator.IsWithinLast)
        {
            violations.Check(comparison.Unit is not TimeUnit.None && Enum.IsDefined(comparison.Unit), path, "is required for IS_WITHIN_LAST.");
        }
        else
        {
            violations.Check(comparison.Unit is TimeUnit.None, path, "applies to IS_WITHIN_LAST only.");
        }
    }

    private void CheckValues(Comparison comparison, OperatorShape shape, AttributeKind kind, string path)
    {
        var values = comparison.Values;
        var count = values.Count;
        if (!violations.Check(count >= shape.MinValues && count <= shape.MaxValues, path, Amount(shape, count)))
        {
            return;
        }

        var good = true;
        for (var i = 0; i < count; i++)
        {
            var problem = ValueProblem(comparison.Operator, shape, kind, values[i]);
            good &= violations.Check(problem is null, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), problem ?? "");
        }

        if (good && comparison.Operator is Operator.IsBetween or Operator.IsNotBetween && count == 2)
        {
            violations.Check(!IsDescending(values, kind), path, "must hold the lower end first.");
        }
    }

    private static bool IsDescending(IReadOnlyList<Scalar> ends, AttributeKind kind) => kind is AttributeKind.Number
        ? ends[0].Number > ends[1].Number
        : ends[0].Microseconds > ends[1].Microseconds;

    private static string? ValueProblem(Operator @operator, OperatorShape shape, AttributeKind kind, Scalar value)
    {
        if (value.Kind != kind)
        {
            return $"must be a {Name(kind)} value.";
        }

        if (value.Kind is AttributeKind.Number && !double.IsFinite(value.Number))
        {
            return "must be a finite number.";
        }

        if (shape.Range is { } range && !(value.Number >= range.From && value.Number <= range.To && double.IsInteger(value.Number)))
        {
            return $"must be a whole number from {range.From} to {range.To}.";
        }

        return value.Text is { } text ? TextProblem(@operator, text) : null;
    }

    private static string? TextProblem(Operator @operator, string text) => @operator switch
    {
        Operator.TimeAt when !TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) =>
            "must be a time of day such as \"08:30\".",
        Operator.Contains or Operator.StartsWith or Operator.EndsWith when text.Length == 0 => "must not be empty.",
        _ when text.Length > ProfileValue.MaxTextLength => $"must have at most {ProfileValue.MaxTextLength} characters.",
        _ when text.Contains('\0') => "must not hold the character U+0000.",
        _ => null,
    };

    private static string Amount(OperatorShape shape, int count) => shape.MinValues == shape.MaxValues
        ? $"must hold exactly {shape.MinValues}, but holds {count}."
        : $"must hold {shape.MinValues} to {shape.MaxValues}, but holds {count}.";

    private static string Name(AttributeKind kind) => kind.ToString().ToLowerInvariant();
}
