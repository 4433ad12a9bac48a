using System.Globalization;
using System.Text;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>A rule as a condition of SQL over the profile table with the alias "p".</summary>
/// <param name="Sql">The condition; true for members, false or null for everybody else.</param>
/// <param name="Parameters">Its parameters by name.</param>
/// <param name="FoldsCase">Whether <see cref="FoldCase.Prepare"/> is needed first.</param>
internal sealed record CompiledRule(string Sql, IReadOnlyDictionary<string, object> Parameters, bool FoldsCase);

/// <summary>
/// Turns a checked rule into SQL. There is no NOT in it, so SQL's three-valued logic gives D-38 for free: whatever
/// compares null is not true. LIKE is avoided, since SQLite's ignores case and wildcards would need escapes.
/// </summary>
internal sealed class CompileRule
{
    private const long MicrosecondsPerDay = 86_400_000_000;
    private const long MicrosecondsPerMinute = 60_000_000;

    private readonly ProfileSchema _schema;
    private readonly Engine _engine;
    private readonly DateTimeOffset _now;
    private readonly StringBuilder _sql = new();
    private readonly Dictionary<string, object> _parameters = [];
    private bool _foldsCase;

    private CompileRule(ProfileSchema schema, Engine engine, DateTimeOffset now) => (_schema, _engine, _now) = (schema, engine, now);

    /// <param name="rule">A rule that <see cref="RuleCheck"/> found right for the schema.</param>
    /// <param name="now">The time that floating dates end at.</param>
    public static CompiledRule Compile(Rule rule, ProfileSchema schema, Engine engine, DateTimeOffset now)
    {
        var compiler = new CompileRule(schema, engine, now);
        compiler.Write(rule);
        return new CompiledRule(compiler._sql.ToString(), compiler._parameters, compiler._foldsCase);
    }

    private void Write(Rule rule)
    {
        if (rule is Comparison comparison)
        {
            var attribute = _schema.Find(comparison.Attribute)!;
            _sql.Append(Compare(comparison, attribute, "p." + _schema.ColumnOf(attribute)));
            return;
        }

        var group = (Group)rule;
        for (var i = 0; i < group.Rules.Count; i++)
        {
            _sql.Append(i == 0 ? "(" : group.Junction is Junction.And ? " AND " : " OR ");
            Write(group.Rules[i]);
        }

        _sql.Append(')');
    }

    private string Compare(Comparison comparison, ProfileAttribute attribute, string column) => comparison.Operator switch
    {
        Operator.IsNull => $"{column} IS NULL",
        Operator.IsNotNull => $"{column} IS NOT NULL",
        _ => attribute.Kind switch
        {
            AttributeKind.String => CompareText(comparison, column),
            AttributeKind.Date => CompareDate(comparison, column),
            _ => ComparePlain(comparison, column),
        },
    };

    private string ComparePlain(Comparison comparison, string column)
    {
        var values = comparison.Values.Select(v => Operand(comparison, v)).ToList();
        return comparison.Operator switch
        {
            Operator.Equals => $"{column} = {values[0]}",
            Operator.NotEquals => $"{column} <> {values[0]}",
            Operator.IsIn => $"{column} IN ({string.Join(", ", values)})",
            Operator.GreaterThan => $"{column} > {values[0]}",
            Operator.GreaterThanOrEqualTo => $"{column} >= {values[0]}",
            Operator.LessThan => $"{column} < {values[0]}",
            Operator.LessThanOrEqualTo => $"{column} <= {values[0]}",
            Operator.IsBetween => $"{column} BETWEEN {values[0]} AND {values[1]}",
            Operator.IsNotBetween => $"{column} NOT BETWEEN {values[0]} AND {values[1]}",
            _ => throw Unchecked(comparison),
        };
    }

    private string CompareText(Comparison comparison, string column)
    {
        var checkedColumn = comparison.IgnoreCase ? FoldCase.Sql(_engine, column) : column;
        _foldsCase |= comparison.IgnoreCase;
        if (comparison.Operator is not (Operator.Contains or Operator.StartsWith or Operator.EndsWith))
        {
            return ComparePlain(comparison, checkedColumn);
        }

        var part = Operand(comparison, comparison.Values[0]);
        var sqlite = _engine is Engine.Sqlite;
        return comparison.Operator switch
        {
            Operator.Contains => sqlite ? $"instr({checkedColumn}, {part}) > 0" : $"strpos({checkedColumn}, {part}) > 0",
            Operator.StartsWith => $"substr({checkedColumn}, 1, length({part})) = {part}",
            _ => sqlite ? $"substr({checkedColumn}, -length({part})) = {part}" : $"right({checkedColumn}, length({part})) = {part}",
        };
    }

    private string CompareDate(Comparison comparison, string column)
    {
        var value = comparison.Values.Count > 0 ? comparison.Values[0] : Scalar.Null;
        return comparison.Operator switch
        {
            Operator.IsWithinLast => Between(column, FloatingDates.Before(_now, value.Number, comparison.Unit), _now),
            Operator.YearToDate => Between(column, FloatingDates.StartOfYear(_now.Year), _now),
            Operator.YearOf => YearOf(column, (int)value.Number),
            Operator.DayOf => $"{DatePart("day", "%d", column)} = {Parameter((long)value.Number)}",
            Operator.MonthOf => $"{DatePart("month", "%m", column)} = {Parameter((long)value.Number)}",
            // Day 0, 1 January 1970, was a Thursday, the fourth day of the ISO week.
            Operator.DayOfWeek => $"{Modulo($"({DayNumber(column)} + 3)", 7)} + 1 = {Parameter((long)value.Number)}",
            Operator.TimeAt => $"{Modulo(column, MicrosecondsPerDay)} / {MicrosecondsPerMinute} = {Parameter(MinuteOfDay(value.Text!))}",
            _ => ComparePlain(comparison, column),
        };
    }

    private string Between(string column, DateTimeOffset from, DateTimeOffset to) =>
        $"{column} BETWEEN {Parameter(from.ToMicroseconds())} AND {Parameter(to.ToMicroseconds())}";

    private string YearOf(string column, int year) =>
        $"({column} >= {Parameter(FloatingDates.StartOfYear(year).ToMicroseconds())}"
        + (year == 9999 ? ")" : $" AND {column} < {Parameter(FloatingDates.StartOfYear(year + 1).ToMicroseconds())})");

    private string DatePart(string postgreSqlPart, string sqliteFormat, string column) => _engine is Engine.Sqlite
        ? $"CAST(strftime('{sqliteFormat}', {DayNumber(column)} * 86400, 'unixepoch') AS INTEGER)"
        : $"extract({postgreSqlPart} FROM DATE '1970-01-01' + ({DayNumber(column)})::int)";

    // Division of integers rounds towards zero, also before 1970: the remainder is taken off first.
    private static string DayNumber(string column) => $"({column} - {Modulo(column, MicrosecondsPerDay)}) / {MicrosecondsPerDay}";

    private static string Modulo(string expression, long divisor) => $"(({expression} % {divisor} + {divisor}) % {divisor})";

    private static long MinuteOfDay(string time) =>
        (long)TimeOnly.ParseExact(time, "HH:mm", CultureInfo.InvariantCulture).ToTimeSpan().TotalMinutes;

    private string Operand(Comparison comparison, Scalar value)
    {
        var parameter = Parameter(value.ToParameter());
        return comparison.IgnoreCase ? FoldCase.Sql(_engine, parameter) : parameter;
    }

    private string Parameter(object value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"r{_parameters.Count}");
        _parameters.Add(name, value);
        return "@" + name;
    }

    private static InvalidOperationException Unchecked(Comparison comparison) =>
        new($"The operator {comparison.Operator} does not apply here; RuleCheck refuses it.");
}
