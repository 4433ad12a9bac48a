using System.Text;
using CustomerInsights.Segments.Importing;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Tests.Importing;

/// <summary>Both formats: which rows are good, and where the bad ones go wrong.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ProfileFileTests
{
    private const string Header = "CustomerId,Email,Spend,LastVisit,IsActive\n";

    private static readonly Dictionary<string, string> NoMapping = [];

    [Test]
    public void Csv_values_become_typed_and_empty_ones_null()
    {
        var read = ReadCsv(Header + "c1,a@example.com,12.5,2024-05-31,true\nc2,,,,\nc3,b,-1e3,2024-05-31T01:02:03Z,0\n");
        Assert.That(read.Rows, Is.EqualTo(new[]
        {
            "2 c1 a@example.com;12.5;1717113600000000;True", "3 c2 null;null;null;null", "4 c3 b;-1000;1717117323000000;False",
        }));
        Assert.That(read.Errors, Is.Empty);
    }

    [TestCase("c1,a,x,,", "2:3:Spend:INVALID_VALUE")]
    [TestCase("c1,a,1.234.5,,", "2:3:Spend:INVALID_VALUE")]
    [TestCase("c1,a,Infinity,,", "2:3:Spend:INVALID_VALUE")]
    [TestCase("c1,a,NaN,,", "2:3:Spend:INVALID_VALUE")]
    [TestCase("c1,a,1e999,,", "2:3:Spend:INVALID_VALUE")]
    [TestCase("c1,a,,31.5.2024,", "2:4:LastVisit:INVALID_VALUE")]
    [TestCase("c1,a,,,yes", "2:5:IsActive:INVALID_VALUE")]
    [TestCase("c1,a,x,y,z", "2:3:Spend:INVALID_VALUE 2:4:LastVisit:INVALID_VALUE 2:5:IsActive:INVALID_VALUE")]
    [TestCase(",a,,,", "2:1:CustomerId:MISSING_KEY")]
    [TestCase("  ,a,,,", "2:1:CustomerId:MISSING_KEY")]
    [TestCase("c1,a,,", "2:5::WRONG_COLUMN_COUNT")]
    [TestCase("c1,a,,,,", "2:6::WRONG_COLUMN_COUNT")]
    [TestCase("c1,\"a,,,", "2:2:Email:UNCLOSED_QUOTE")]
    [TestCase("c1,a\0b,,,", "2:2:Email:INVALID_VALUE")]
    public void Csv_errors_have_line_column_and_field_and_keep_the_good_rows(string row, string expected)
    {
        var read = ReadCsv(Header + row + "\ngood,,,,\n");
        Assert.That(string.Join(' ', read.Errors), Is.EqualTo(expected));
        Assert.That(read.Rows, Is.EqualTo(new[] { "3 good null;null;null;null" }));
        Assert.That(read.Rejected, Is.EqualTo(1));
    }

    [Test]
    public void Csv_invalid_utf8_is_an_error_of_its_field()
    {
        byte[] file = [.. Encoding.UTF8.GetBytes(Header), .. "c1,"u8, 0xFF, .. ",,,\nc2,é,,,\n"u8];
        var read = Read(file, CsvOf(NoMapping, ""));
        Assert.That(read.Errors, Is.EqualTo(new[] { "2:2:Email:INVALID_UTF8" }));
        Assert.That(read.Rows, Is.EqualTo(new[] { "3 c2 é;null;null;null" }));
    }

    [Test]
    public void Csv_text_over_the_limit_of_an_attribute_is_too_large()
    {
        var read = ReadCsv(Header + $"c1,{new string('x', 4001)},,,\nc2,{new string('x', 4000)},,,\n{new string('k', 201)},,,,\n");
        Assert.That(read.Errors, Is.EqualTo(new[] { "2:2:Email:FIELD_TOO_LARGE", "4:1:CustomerId:INVALID_VALUE" }));
        Assert.That(read.Rows, Has.Count.EqualTo(1));
    }

    [TestCase("", "empty")]
    [TestCase("\uFEFF\n", "empty")]
    [TestCase("Email,Spend\nc1,2\n", "Line 1 has no column CustomerId, the key")]
    [TestCase("CustomerId,Email,email\n", "Line 1, column 3 has the name of an earlier column")]
    [TestCase("CustomerId,\n", "Line 1, column 2 has no name")]
    [TestCase("CustomerId,Shoe\n", "Line 1, column 2 has the name of no attribute")]
    [TestCase("\"CustomerId,Email\nc1,x\n", "Line 1, column 1 cannot be read")]
    public void Csv_without_a_good_header_is_refused_as_a_whole(string file, string expected)
    {
        var read = ReadCsv(file);
        Assert.That(read.Refusal!.Kind, Is.EqualTo(RefusalKind.InvalidArgument));
        Assert.That(read.Refusal.Violations.Select(v => v.Description), Has.Some.Contains(expected));
        Assert.That(read.Rows, Is.Empty);
    }

    [Test]
    public void Csv_header_problems_are_told_all_at_once_and_never_by_the_text_of_the_file()
    {
        var refusal = ReadCsv("person@example.com,person@example.com,,0049123\n").Refusal!;
        Assert.That(refusal.Violations, Has.Count.EqualTo(5));
        Assert.That(refusal.ToString(), Does.Not.Contain("person@").And.Not.Contains("0049"));
    }

    [Test]
    public void Csv_columns_go_where_the_caller_says_and_others_are_passed_over()
    {
        var mapping = new Dictionary<string, string> { ["id"] = "customerid", ["mail"] = "Email" };
        var read = Read(Encoding.UTF8.GetBytes("shoe,MAIL,id\n43,a,c1\n"), CsvOf(mapping, ""));
        Assert.That(read.Rows, Is.EqualTo(new[] { "2 c1 a" }));
    }

    [Test]
    public void Csv_refuses_mapped_columns_that_are_not_in_the_file()
    {
        var mapping = new Dictionary<string, string> { ["id"] = "CustomerId", ["mail"] = "Email" };
        var refusal = Read("id,shoe\n"u8.ToArray(), CsvOf(mapping, "gone")).Refusal!;
        Assert.That(refusal.Violations.Select(v => v.Field), Is.EqualTo(new[] { "header.columns[mail]", "header.delete_column" }));
    }

    [Test]
    public void Csv_rows_marked_for_deletion_need_nothing_but_their_id()
    {
        var read = Read(Encoding.UTF8.GetBytes("CustomerId,Spend,gone\nc1,x,true\nc2,1,0\nc3,2,\nc4,3,maybe\n"), CsvOf(NoMapping, "Gone"));
        Assert.That(read.Rows, Is.EqualTo(new[] { "2 c1 deleted", "3 c2 1", "4 c3 2" }));
        Assert.That(read.Errors, Is.EqualTo(new[] { "5:3::INVALID_VALUE" }));
    }

    [Test]
    public void Json_values_become_typed_and_absent_ones_null()
    {
        var read = ReadJson(
            """
            {"CustomerId":"c1","email":"a@example.com","Spend":12.5,"LastVisit":"2024-05-31","IsActive":true}

            {"CustomerId":"c2"}
            {"CustomerId":"c3","Email":null,"Spend":null}
            """);
        Assert.That(read.Rows, Is.EqualTo(new[]
        {
            "1 c1 a@example.com;12.5;1717113600000000;True", "3 c2 null;null;null;null", "4 c3 null;null;null;null",
        }));
    }

    [TestCase("""{"CustomerId":"c1","Spend":"1"}""", "1:28:Spend:INVALID_VALUE")]
    [TestCase("""{"CustomerId":"c1","Email":5}""", "1:28:Email:INVALID_VALUE")]
    [TestCase("""{"CustomerId":"c1","Email":{"a":1}}""", "1:28:Email:INVALID_VALUE")]
    [TestCase("""{"CustomerId":"c1","IsActive":1}""", "1:31:IsActive:INVALID_VALUE")]
    [TestCase("""{"CustomerId":"c1","LastVisit":"soon"}""", "1:32:LastVisit:INVALID_VALUE")]
    [TestCase("""{"CustomerId":"c1","Spend":1e999}""", "1:28:Spend:INVALID_VALUE")]
    [TestCase("""{"CustomerId":"c1","Shoe":[1,2]}""", "1:20::UNKNOWN_ATTRIBUTE")]
    [TestCase("""{"Email":"a"}""", "1:0:CustomerId:MISSING_KEY")]
    [TestCase("""{"CustomerId":""}""", "1:15:CustomerId:MISSING_KEY")]
    [TestCase("""{"CustomerId":null}""", "1:15:CustomerId:MISSING_KEY")]
    [TestCase("""{"CustomerId":7}""", "1:15:CustomerId:INVALID_VALUE")]
    [TestCase("""{"CustomerId":"c1","Email":"a","email":"b"}""", "1:32::INVALID_JSON")]
    [TestCase("""{"CustomerId":"c1",""", "1:19::INVALID_JSON")]
    [TestCase("""{"CustomerId":"c1"}}""", "1:20::INVALID_JSON")]
    [TestCase("""["c1"]""", "1:1::INVALID_JSON")]
    [TestCase("""{"CustomerId":"c1","Email":"\ud800"}""", "1:28::INVALID_JSON")]
    public void Json_errors_have_line_position_and_field_and_keep_the_good_rows(string row, string expected)
    {
        var read = ReadJson(row + "\n{\"CustomerId\":\"good\"}\n");
        Assert.That(string.Join(' ', read.Errors), Is.EqualTo(expected));
        Assert.That(read.Rows, Is.EqualTo(new[] { "2 good null;null;null;null" }));
        Assert.That(read.Rejected, Is.EqualTo(1));
    }

    [Test]
    public void Json_refuses_invalid_utf8_and_lines_that_are_too_long_and_empty_files()
    {
        byte[] file = [.. "{\"CustomerId\":\""u8, 0xFF, .. "\"}\n"u8, .. Encoding.UTF8.GetBytes(new string(' ', 5_000_000)), .. "\n{\"CustomerId\":\"c1\"}"u8];
        var read = Read(file, JsonOf(NoMapping, ""), chunk: 700_000);
        Assert.That(read.Errors, Is.EqualTo(new[] { "1:16::INVALID_UTF8", "2:0::FIELD_TOO_LARGE" }));
        Assert.That(read.Rows, Has.Count.EqualTo(1));
        Assert.That(ReadJson("").Refusal, Is.Not.Null);
    }

    [Test]
    public void Json_columns_go_where_the_caller_says_and_marked_rows_need_nothing_but_their_id()
    {
        var mapping = new Dictionary<string, string> { ["id"] = "CustomerId", ["s"] = "Spend" };
        var file = "{\"id\":\"c1\",\"s\":1,\"x\":{}}\n{\"id\":\"c2\",\"s\":\"?\",\"gone\":true}\n{\"id\":\"c3\",\"gone\":\"?\"}\n"u8.ToArray();
        var read = Read(file, JsonOf(mapping, "gone"));
        Assert.That(read.Rows, Is.EqualTo(new[] { "1 c1 1", "2 c2 deleted" }));
        Assert.That(read.Errors, Is.EqualTo(new[] { "3:19::INVALID_VALUE" }));
    }

    [Test]
    public void The_key_cannot_mark_rows_for_deletion()
    {
        var violations = new Violations();
        ImportMapping.Resolve(NoMapping, "customerid", SomeSchema.WithEveryKind, violations);
        Assert.That(violations.ToRefusal().Violations.Select(v => v.Field), Is.EqualTo(new[] { "header.delete_column" }));
    }

    [Test]
    public void A_mapping_is_checked_as_a_whole()
    {
        var violations = new Violations();
        var wanted = new Dictionary<string, string> { ["a"] = "Shoe", ["b"] = "Email", ["c"] = "email", ["gone"] = "Spend", ["B"] = "IsActive" };
        ImportMapping.Resolve(wanted, "GONE", SomeSchema.WithEveryKind, violations);
        Assert.That(violations.ToRefusal().Violations.Select(v => v.Field), Is.EqualTo(
            new[] { "header.columns[a]", "header.columns[c]", "header.columns[gone]", "header.columns[B]", "header.columns" }));
    }

    private static Reading ReadCsv(string file) => Read(Encoding.UTF8.GetBytes(file), CsvOf(NoMapping, ""));

    private static Reading ReadJson(string file) => Read(Encoding.UTF8.GetBytes(file), JsonOf(NoMapping, ""));

    private static CsvFile CsvOf(Dictionary<string, string> mapping, string deleteColumn) => new(Mapping(mapping, deleteColumn));

    private static JsonFile JsonOf(Dictionary<string, string> mapping, string deleteColumn) => new(Mapping(mapping, deleteColumn));

    private static ImportMapping Mapping(Dictionary<string, string> mapping, string deleteColumn)
    {
        var violations = new Violations();
        var resolved = ImportMapping.Resolve(mapping, deleteColumn, SomeSchema.WithEveryKind, violations);
        Assert.That(violations.None, Is.True);
        return resolved;
    }

    private static Reading Read(byte[] file, IProfileFile profiles, int chunk = 7)
    {
        var errors = new ImportErrors();
        var rows = new List<string>();
        foreach (var piece in file.Chunk(chunk))
        {
            profiles.Append(piece);
            rows.AddRange(profiles.ReadRows(errors).Select(Describe));
        }

        profiles.Complete();
        rows.AddRange(profiles.ReadRows(errors).Select(Describe));
        var found = errors.FirstWith([]).Select(e => $"{e.Line}:{e.Column}:{e.Field}:{e.Reason}");
        return new Reading(rows, [.. found], errors.RejectedRows, profiles.Refusal);
    }

    private static string Describe(ProfileRow row) =>
        $"{row.Line} {row.Id} " + (row.IsDeleted ? "deleted" : string.Join(';', row.Values.Select(v => v.IsNull ? "null" : FormattableString.Invariant($"{v.ToParameter()}"))));

    private sealed record Reading(List<string> Rows, List<string> Errors, long Rejected, Refusal? Refusal);
}
