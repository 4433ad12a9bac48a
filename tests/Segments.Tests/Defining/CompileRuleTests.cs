using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Importing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using Dapper;

namespace CustomerInsights.Segments.Tests.Defining;

/// <summary>Every operator on both engines, against what it means.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class CompileRuleTests(Engine engine)
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    private static readonly string[] Texts =
        ["", "a", "A", "ab", "Ab", "%", "_", "a%b", "a_b", "100%", "\\", "'", "\"", "é", "É", "straße", "STRASSE", "Größe", "GRÖSSE", "ΟΔΟΣ", "οδοσ", "日本", "ba", "aba", "😀", "a😀b",
         "\u0130", "i\u0307", "I\u0307", "\u0131", "I", "i", "\u0130STANBUL", "istanbul", "d\u0131\u015F", "DI\u015E"];

    private static readonly double[] Numbers = [0, -1, 1, 1.5, 1e15, -1e15, 0.1, 0.30000000000000004, 1e300, double.Epsilon, 7];

    private static readonly DateTimeOffset[] Dates =
    [
        Now, Now.AddTicks(10), Now.AddTicks(-10), Now.AddDays(-1), Now.AddDays(-7), Now.AddMonths(-1), Now.AddYears(-1), Now.AddMinutes(-90),
        new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2025, 12, 31, 23, 59, 59, 999, TimeSpan.Zero), new(2024, 2, 29, 12, 30, 0, TimeSpan.Zero),
        new(1969, 12, 31, 23, 59, 59, TimeSpan.Zero), new(1970, 1, 1, 0, 0, 0, TimeSpan.Zero), new(1, 1, 1, 0, 0, 0, TimeSpan.Zero),
        new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero), new(1900, 3, 1, 6, 7, 8, TimeSpan.Zero), new(1600, 2, 29, 0, 0, 1, TimeSpan.Zero),
    ];

    private readonly Dictionary<string, ProfileRow> _rows = [];
    private World _world = null!;

    [OneTimeSetUp]
    public async Task ImportEveryValueAsync()
    {
        _world = await World.CreateAsync(engine);
        var count = new[] { Texts.Length, Numbers.Length, Dates.Length }.Max();
        for (var i = 0; i <= count; i++)
        {
            var id = $"c{i:D2}";
            _rows[id] = new ProfileRow(i, id, IsDeleted: false,
            [
                i < Texts.Length ? Scalar.Of(Texts[i]) : Scalar.Null,
                i < Numbers.Length ? Scalar.Of(Numbers[i]) : Scalar.Null,
                i < Dates.Length ? Scalar.Of(Dates[i]) : Scalar.Null,
                i % 3 == 2 ? Scalar.Null : Scalar.Of(i % 3 == 0),
            ]);
        }

        await _world.MergeAsync([.. _rows.Values]);
    }

    [Test]
    public async Task Each_operator_matches_what_it_means([Range(1, 21)] int number)
    {
        var @operator = (Operator)number;
        var shape = OperatorShape.Of(@operator)!;
        var random = new Random(number);
        foreach (var kind in shape.Kinds)
        {
            for (var i = 0; i < 40; i++)
            {
                await CompareAsync(SomeComparison(random, @operator, kind));
            }
        }
    }

    [Test]
    public async Task Nested_groups_match_what_they_mean([Range(1, 40)] int seed) => await CompareAsync(SomeRule(new Random(seed), depth: 1));

    [TestCase("Email", nameof(Operator.NotEquals))]
    [TestCase("Spend", nameof(Operator.NotEquals))]
    [TestCase("LastVisit", nameof(Operator.NotEquals))]
    [TestCase("IsActive", nameof(Operator.NotEquals))]
    [TestCase("Spend", nameof(Operator.IsNotBetween))]
    [TestCase("LastVisit", nameof(Operator.IsNotBetween))]
    public async Task Null_is_not_unequal_to_anything(string attribute, string operatorName)
    {
        var @operator = Enum.Parse<Operator>(operatorName);
        var kind = SomeSchema.WithEveryKind.Find(attribute)!.Kind;
        var value = SomeValue(new Random(1), kind);
        var rule = new Comparison(attribute, @operator, @operator is Operator.NotEquals ? [value] : [value, value], IgnoreCase: false, TimeUnit.None);
        var index = SomeSchema.WithEveryKind.Columns.ToList().FindIndex(a => a.Name == attribute);
        var found = await FindAsync(rule);
        Assert.That(found.Where(id => _rows[id].Values[index].IsNull), Is.Empty);
        Assert.That(found, Is.Not.Empty);
    }

    private async Task CompareAsync(Rule rule)
    {
        var violations = new Violations();
        RuleCheck.Check(rule, SomeSchema.WithEveryKind, "rule", violations);
        Assert.That(violations.None, Is.True, () => violations.ToRefusal().ToString());
        var expected = _rows.Values.Where(r => RuleOracle.Matches(rule, name => ValueOf(r, name), Now)).Select(r => r.Id);
        Assert.That(await FindAsync(rule), Is.EqualTo(expected), () => RuleWire.ToJson(rule));
    }

    private async Task<IReadOnlyList<string>> FindAsync(Rule rule)
    {
        var compiled = CompileRule.Compile(rule, SomeSchema.WithEveryKind, engine, Now);
        var set = await _world.SetAsync();
        return await _world.Database.ReadAsync(
            async session =>
            {
                FoldCase.Prepare(session);
                var sql = $"SELECT p.{ProfileSet.IdColumn} FROM {set.Table} p WHERE {compiled.Sql} ORDER BY 1";
                return await session.QueryAsync<string>(sql, new DynamicParameters(compiled.Parameters));
            },
            default);
    }

    private static Scalar ValueOf(ProfileRow row, string attribute)
    {
        var index = SomeSchema.WithEveryKind.Columns.ToList().FindIndex(a => a.IsNamed(attribute));
        return index < 0 ? Scalar.Of(row.Id) : row.Values[index];
    }

    private static Rule SomeRule(Random random, int depth)
    {
        if (depth > 3 || random.Next(3) == 0)
        {
            while (true)
            {
                var @operator = (Operator)random.Next(1, 22);
                var kinds = OperatorShape.Of(@operator)!.Kinds;
                return SomeComparison(random, @operator, kinds[random.Next(kinds.Count)]);
            }
        }

        var rules = Enumerable.Range(0, random.Next(1, 4)).Select(_ => SomeRule(random, depth + 1));
        return new Group(random.Next(2) == 0 ? Junction.And : Junction.Or, [.. rules]);
    }

    private static Comparison SomeComparison(Random random, Operator @operator, AttributeKind kind)
    {
        var attribute = kind switch
        {
            AttributeKind.String => random.Next(4) == 0 ? "customerid" : "Email",
            AttributeKind.Number => "Spend",
            AttributeKind.Date => "LastVisit",
            _ => "IsActive",
        };
        var shape = OperatorShape.Of(@operator)!;
        Scalar[] values = @operator switch
        {
            Operator.TimeAt => [Scalar.Of(random.Next(2) == 0 ? "23:59" : "08:00")],
            Operator.Contains or Operator.StartsWith or Operator.EndsWith => [Scalar.Of(Texts[random.Next(1, Texts.Length)])],
            Operator.IsIn => [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => SomeValue(random, kind))],
            Operator.IsBetween or Operator.IsNotBetween => [.. new[] { SomeValue(random, kind), SomeValue(random, kind) }.OrderBy(v => kind is AttributeKind.Number ? v.Number : v.Microseconds)],
            _ when shape.Range is { } range => [Scalar.Of((double)SomeNumber(random, @operator, range))],
            _ => [.. Enumerable.Range(0, shape.MaxValues).Select(_ => SomeValue(random, kind))],
        };
        var unit = @operator is Operator.IsWithinLast ? (TimeUnit)random.Next(1, 7) : TimeUnit.None;
        return new Comparison(attribute, @operator, values, kind is AttributeKind.String && random.Next(2) == 0, unit);
    }

    private static int SomeNumber(Random random, Operator @operator, (int From, int To) range) => @operator switch
    {
        Operator.YearOf => Dates[random.Next(Dates.Length)].Year,
        Operator.IsWithinLast => random.Next(1, 100),
        _ => random.Next(range.From, range.To + 1),
    };

    private static Scalar SomeValue(Random random, AttributeKind kind) => kind switch
    {
        AttributeKind.String => Scalar.Of(Texts[random.Next(Texts.Length)]),
        AttributeKind.Number => Scalar.Of(Numbers[random.Next(Numbers.Length)]),
        AttributeKind.Date => Scalar.Of(Dates[random.Next(Dates.Length)]),
        _ => Scalar.Of(random.Next(2) == 0),
    };
}
