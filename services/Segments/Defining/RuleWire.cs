using CustomerInsights.Segments.Declaring;
using Google.Protobuf;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Defining;

/// <summary>Rules as the contract has them; also what the database stores, as protobuf JSON.</summary>
internal static class RuleWire
{
    public static Rule Read(Wire.Condition? condition) => condition?.KindCase switch
    {
        Wire.Condition.KindOneofCase.Comparison => Read(condition.Comparison),
        Wire.Condition.KindOneofCase.Group => new Group((Junction)condition.Group.Operator, [.. condition.Group.Conditions.Select(Read)]),
        _ => new NoRule(),
    };

    public static Wire.Condition Write(Rule rule) => rule switch
    {
        Comparison comparison => new Wire.Condition { Comparison = Write(comparison) },
        Group group => new Wire.Condition
        {
            Group = new Wire.ConditionGroup { Operator = (Wire.LogicalOperator)group.Junction, Conditions = { group.Rules.Select(Write) } },
        },
        _ => new Wire.Condition(),
    };

    public static string ToJson(Rule rule) => JsonFormatter.Default.Format(Write(rule));

    public static Rule FromJson(string json) => Read(JsonParser.Default.Parse<Wire.Condition>(json));

    private static Comparison Read(Wire.Comparison comparison) => new(
        comparison.Attribute,
        (Operator)comparison.Operator,
        [.. comparison.Values.Select(ScalarWire.Read)],
        comparison.IgnoreCase,
        (TimeUnit)comparison.Unit);

    private static Wire.Comparison Write(Comparison comparison) => new()
    {
        Attribute = comparison.Attribute,
        Operator = (Wire.ComparisonOperator)comparison.Operator,
        Values = { comparison.Values.Select(ScalarWire.Write) },
        IgnoreCase = comparison.IgnoreCase,
        Unit = (Wire.TimeUnit)comparison.Unit,
    };
}
