namespace CustomerInsights.Repository.Contracts;

/// <summary>The guard lets additions pass and names everything that breaks a client; shown on copies.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class GuardTests
{
    private const string Segments = "customerinsights/segments/v1/segments.proto";
    private const string Profiles = "customerinsights/segments/v1/profiles.proto";
    private const string Events = "customerinsights/events/v1/events.proto";

    private static readonly TestCaseData[] Breaks =
    [
        Break("A field is removed", Segments, @"\n  string display_name = 2;", "", "\"display_name\" on message \"Segment\" was deleted"),
        Break("A field gets another number", Segments, "string display_name = 2;", "string display_name = 22;", "\"display_name\" on message \"Segment\" was deleted"),
        Break("A field gets another type", Segments, "int64 member_count = 7;", "int32 member_count = 7;", "\"member_count\" on message \"Segment\" changed type"),
        Break("A field gets another name", Segments, "string description = 3;", "string summary = 3;", "changed name from \"description\" to \"summary\""),
        Break("A field is repeated", Segments, "string last_error = 9;", "repeated string last_error = 9;", "\"last_error\" on message \"Segment\" changed cardinality"),
        Break("A field leaves its oneof", Profiles, @"bytes chunk = 2;\n  }", "}\n  // Moved.\n  bytes chunk = 2;", "\"chunk\" on message \"ImportProfilesRequest\" moved from"),
        Break("A value is removed", Segments, @"\n  SEGMENT_STATE_ACTIVE = 2;", "", "enum value \"2\" on enum \"SegmentState\" was deleted"),
        Break("A value gets another name", Segments, "SEGMENT_STATE_ACTIVE = 2;", "SEGMENT_STATE_LIVE = 2;", "\"SEGMENT_STATE_ACTIVE\" to \"SEGMENT_STATE_LIVE\""),
        Break("An RPC is deleted", Segments, @"\n  rpc CancelSegmentRefresh\(.*", "", "RPC \"CancelSegmentRefresh\" on service \"SegmentService\" was deleted"),
        Break("An RPC gets another request", Segments, @"rpc GetSegment\(GetSegmentRequest\)", "rpc GetSegment(DeleteSegmentRequest)", "RPC \"GetSegment\" on service \"SegmentService\" changed request type"),
        Break("An RPC gets another response", Segments, @"\(RefreshSegmentRequest\) returns \(SegmentRefresh\)", "(RefreshSegmentRequest) returns (Segment)", "RPC \"RefreshSegment\" on service \"SegmentService\" changed response type"),
        Break("An RPC begins to stream", Segments, @"\(GetSegmentRequest\) returns \(Segment\)", "(GetSegmentRequest) returns (stream Segment)", "RPC \"GetSegment\" on service \"SegmentService\" changed"),
        Break("A message is deleted", Events, @"message ExportRunCompleted \{(.*\n)+?\}\n", "", "message \"ExportRunCompleted\" was deleted"),
        Break("A service is deleted", Profiles, @"service ProfileService \{(.*\n)+?\}\n", "", "service \"ProfileService\" was deleted"),
        Break("A package gets another name", Events, @"package customerinsights\.events\.v1;", "package customerinsights.events.v2;", "\"customerinsights.events.v1\" to \"customerinsights.events.v2\""),
        Break("The namespace of generated code changes", Events, "Contracts\\.Events\\.V1\"", "Contracts.Events\"", "\"csharp_namespace\" changed"),
    ];

    [TestCaseSource(nameof(Breaks))]
    public async Task What_breaks_a_client_is_refused(string path, string pattern, string replacement, string named)
    {
        using var copy = await ContractsCopy.MakeAsync();
        copy.Change(path, pattern, replacement);

        var check = await copy.RunAsync("check");

        Assert.That(check.Code, Is.Not.Zero);
        Assert.That(check.Text, Does.Contain(named));
        Assert.That(check.Text, Does.Contain("breaks who relies on the landed contracts. Keep what is there"));
    }

    [Test]
    public async Task A_file_that_is_gone_is_refused()
    {
        using var copy = await ContractsCopy.MakeAsync();
        copy.Remove(Events);

        var check = await copy.RunAsync("check");

        Assert.That(check.Code, Is.Not.Zero);
        Assert.That(check.Text, Does.Contain("\"customerinsights/events/v1/events.proto\" was deleted"));
    }

    [Test]
    public async Task A_break_is_not_accepted()
    {
        using var copy = await ContractsCopy.MakeAsync();
        var before = copy.ReadLanded();
        copy.Change(Segments, "int64 member_count = 7;", "int32 member_count = 7;");

        var accept = await copy.RunAsync("accept");

        Assert.That(accept.Code, Is.Not.Zero);
        Assert.That(copy.ReadLanded(), Is.EqualTo(before));
    }

    [Test]
    public async Task Nothing_passes_without_what_has_landed()
    {
        using var copy = await ContractsCopy.MakeAsync();
        copy.Remove("landed.binpb");

        var accept = await copy.RunAsync("accept");

        Assert.That(accept.Code, Is.Not.Zero);
        Assert.That(accept.Text, Does.Contain("there is no landed.binpb"));
    }

    [Test]
    public async Task Additions_pass_once_they_are_accepted_and_are_guarded_from_then_on()
    {
        using var copy = await ContractsCopy.MakeAsync();
        copy.Change(Segments, "  string etag = 10;", "  string etag = 10;\n  // Added.\n  string color = 11;");
        copy.Change(Segments, "  SEGMENT_STATE_ACTIVE = 2;", "  SEGMENT_STATE_ACTIVE = 2;\n  // Added.\n  SEGMENT_STATE_RETIRED = 3;");
        copy.Change(Segments, @"(  rpc GetSegment\(.*)", "$1\n\n  // Added.\n  rpc PaintSegment(PaintSegmentRequest) returns (Segment);");
        copy.Change(Segments, @"\n// Request of GetSegment\.", "\n// Added.\nmessage PaintSegmentRequest {}\n\n// Request of GetSegment.");
        copy.Write("customerinsights/segments/v1/added.proto", "syntax = \"proto3\";\n\npackage customerinsights.segments.v1;\n\noption csharp_namespace = \"CustomerInsights.Contracts.Segments.V1\";\n\n// Added.\nmessage Added {}\n");

        var behind = await copy.RunAsync("check");
        var accept = await copy.RunAsync("accept");
        var check = await copy.RunAsync("check");
        copy.Change(Segments, "\n  // Added.\n  string color = 11;", "");
        var removed = await copy.RunAsync("check");

        Assert.That(behind.Code, Is.Not.Zero);
        Assert.That(behind.Text, Does.Contain("run eng/protos.sh accept").And.Not.Contain("breaks who relies"));
        accept.MustSucceed();
        check.MustSucceed();
        Assert.That(removed.Text, Does.Contain("\"color\" on message \"Segment\" was deleted"));
    }

    [Test]
    public async Task A_comment_is_no_change_of_the_contract()
    {
        using var copy = await ContractsCopy.MakeAsync();
        copy.Change(Segments, "// A segment \\(SEG-2\\)\\.", "// A segment, said in another way.");

        (await copy.RunAsync("check")).MustSucceed();
    }

    [Test]
    public async Task A_break_of_a_released_version_is_refused_though_it_was_accepted_since()
    {
        using var copy = await ContractsCopy.MakeAsync();
        await GitAsync(copy, "init", "--quiet");
        await GitAsync(copy, "add", ".");
        await GitAsync(copy, "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "Release");
        await GitAsync(copy, "tag", "v0.9.0");
        await GitAsync(copy, "tag", "v0.10.0");
        copy.Change(Segments, "int64 member_count = 7;", "int32 member_count = 7;");
        copy.Remove(ContractsCopy.Landed);

        var accept = await copy.RunAsync("accept");

        Assert.That(accept.Code, Is.Not.Zero);
        Assert.That(accept.Text, Does.Contain("\"member_count\" on message \"Segment\" changed type").And.Contain("breaks who relies on the version v0.10.0"));
    }

    [TestCase(@"  // Version of the published membership.*\n", "", "should have a non-empty comment", TestName = "A_missing_comment_is_named")]
    [TestCase("string last_error = 9;", "string LastError = 9;", "should be lower_snake_case", TestName = "A_strange_name_is_named")]
    [TestCase("  string last_error = 9;", "    string last_error=9;", "run eng/protos.sh format", TestName = "A_strange_format_is_named")]
    public async Task Style_is_checked(string pattern, string replacement, string named)
    {
        using var copy = await ContractsCopy.MakeAsync();
        copy.Change(Segments, pattern, replacement);

        var check = await copy.RunAsync("check");

        Assert.That(check.Code, Is.Not.Zero);
        Assert.That(check.Text, Does.Contain(named));
    }

    private static TestCaseData Break(string what, string path, string pattern, string replacement, string named) =>
        new TestCaseData(path, pattern, replacement, named).SetName(what.Replace(' ', '_'));

    private static async Task GitAsync(ContractsCopy copy, params string[] arguments) => (await Command.RunAsync(copy.Folder, "git", arguments)).MustSucceed();
}
