using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using static CustomerInsights.Segments.Tests.Doors.Doors;

namespace CustomerInsights.Segments.Tests.Doors;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class ProfilesDoorTests(Engine engine)
{
    private ServiceHarness _harness = null!;
    private Doors _doors = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _harness = await Doors.StartAsync(engine);

    [OneTimeTearDown]
    public async Task StopAsync() => await _harness.DisposeAsync();

    [SetUp]
    public void EnterEnvironment() => _doors = new Doors(_harness);

    [Test]
    public async Task Schema_is_declared_extended_and_guarded()
    {
        Assert.That(Refused(async () => await _doors.Profiles.GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = $"{_doors.Environment}/profileSchema" })).StatusCode, Is.EqualTo(StatusCode.NotFound));
        var first = await _doors.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = SomeSchema(_doors.Environment), ValidateOnly = true });
        Assert.That((first.Attributes.Count, first.Etag), Is.EqualTo((3, "")), "what is not stored has no etag");
        var declared = await _doors.DeclareAsync();
        Assert.That(await _doors.DeclareAsync(), Is.EqualTo(declared), "declaring the same again changes nothing");
        var more = SomeSchema(_doors.Environment, ("Joined", AttributeType.Date));
        var rehearsed = await _doors.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = more, ValidateOnly = true });
        Assert.That((rehearsed.Attributes.Count, rehearsed.Etag), Is.EqualTo((4, declared.Etag)));
        Assert.That((await GetAsync()).Attributes, Has.Count.EqualTo(3));
        more.Etag = declared.Etag;
        var extended = await _doors.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = more });
        Assert.That(extended, Is.EqualTo(await GetAsync()));
        Assert.That(extended.Attributes.Select(a => (a.Name, a.Type, a.SemanticType)), Is.EqualTo(more.Attributes.Select(a => (a.Name, a.Type, a.SemanticType))));
        more.Attributes.RemoveAt(3);
        var stale = Refused(async () => await _doors.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = more }));
        Assert.That((stale.StatusCode, stale.GetReason()), Is.EqualTo((StatusCode.Aborted, "STALE_ETAG")));
    }

    [Test]
    public async Task Schema_keeps_key_types_and_attributes_that_are_in_use()
    {
        await _doors.DeclareAsync();
        Assert.That(Reason(s => s.KeyAttribute = "Email"), Is.EqualTo("KEY_FIXED"));
        Assert.That(Reason(s => s.Attributes[2].Type = AttributeType.String), Is.EqualTo("TYPE_FIXED"));
        var segment = await _doors.AddSegmentAsync();
        Assert.That(Reason(s => s.Attributes.RemoveAt(2)), Is.EqualTo("ATTRIBUTE_IN_USE"));
        await _doors.Segments.DeleteSegmentAsync(new DeleteSegmentRequest { Name = segment });
        var dropped = SomeSchema(_doors.Environment);
        dropped.Attributes.RemoveAt(2);
        Assert.That((await _doors.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = dropped })).Attributes, Has.Count.EqualTo(2));
        await _doors.ImportAsync("CustomerId,Email\nc1,a\n");
        Assert.That(Reason(s => s.Attributes.Remove(s.Attributes.Single(a => a.Name == "Email"))), Is.EqualTo("ATTRIBUTE_IN_USE"));

        string? Reason(Action<ProfileSchema> change)
        {
            var schema = SomeSchema(_doors.Environment);
            change(schema);
            var refused = Refused(async () => await _doors.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = schema }));
            Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.FailedPrecondition));
            return refused.GetReason();
        }
    }

    [Test]
    public void Schema_problems_are_told_all_at_once()
    {
        var schema = SomeSchema(_doors.Environment, ("email", AttributeType.String), ("1st", AttributeType.Date), ("x y", AttributeType.Unspecified), ("Good", (AttributeType)9));
        schema.KeyAttribute = "Spend";
        schema.Attributes[1].SemanticType = "Person Email";
        var refused = Refused(async () => await _doors.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = schema }));
        Assert.That(Fields(refused), Is.EqualTo(new[]
        {
            "profile_schema.attributes[1].semantic_type", "profile_schema.attributes[3].name", "profile_schema.attributes[4].name", "profile_schema.attributes[5].name",
            "profile_schema.attributes[5].type", "profile_schema.attributes[6].type", "profile_schema.key_attribute",
        }));
    }

    [Test]
    public async Task Files_are_imported_with_errors_by_line_and_column()
    {
        await _doors.DeclareAsync();
        var response = await _doors.ImportAsync("\uFEFFCustomerId,Email,Spend\r\nc1,a@example.com,1\r\nc2,b,x\r\nc1,c,2\r\nc3,\"d\r\n");
        Assert.That(response.Errors.Select(e => (e.Line, e.Column, e.Field, e.Reason)), Is.EqualTo(new[]
        {
            (3L, 3, "Spend", "INVALID_VALUE"), (4L, 1, "CustomerId", "DUPLICATE_KEY"), (5L, 2, "Email", "UNCLOSED_QUOTE"),
        }));
        Assert.That((response.RowsRead, response.Inserted, response.Rejected, response.ChangeNumber), Is.EqualTo((4L, 1L, 3L, 1L)));
        Assert.That(response.ToString(), Does.Not.Contain("example.com"));
        Assert.That(await StatisticsAsync(), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Json_lines_are_imported_with_columns_and_marks_of_the_callers_choice()
    {
        await _doors.DeclareAsync();
        await _doors.ImportAsync("CustomerId\nc1\n");
        var response = await _doors.ImportAsync("{\"id\":\"c1\",\"gone\":true}\n{\"id\":\"c2\",\"mail\":\"m\"}\n", header =>
        {
            header.Format = FileFormat.JsonLines;
            header.Columns.Add("id", "CustomerId");
            header.Columns.Add("mail", "Email");
            header.DeleteColumn = "gone";
        });
        Assert.That((response.Inserted, response.Deleted), Is.EqualTo((1L, 1L)));
    }

    [Test]
    public async Task Imports_without_a_usable_header_or_chunk_are_refused()
    {
        Assert.That(Refused(() => _doors.ImportAsync("CustomerId\n")).GetReason(), Is.EqualTo("PROFILE_SCHEMA_MISSING"));
        await _doors.DeclareAsync();
        Assert.That(Fields(Refused(() => _doors.ImportAsync(""))), Is.EqualTo(new[] { "chunk" }));
        Assert.That(Fields(Refused(() => _doors.ImportAsync("CustomerId,x\n"))), Is.EqualTo(new[] { "chunk" }));
        Assert.That(Fields(Refused(() => _doors.ImportAsync("", h => h.Format = FileFormat.Unspecified))), Is.EqualTo(new[] { "header.format" }));
        Assert.That(Fields(Refused(() => _doors.ImportAsync("", h => h.Columns.Add("a", "b")))), Is.EqualTo(new[] { "header.columns[a]", "header.columns" }));
        Assert.That(Fields(Refused(() => SendAsync(new ImportProfilesRequest { Chunk = ByteString.CopyFromUtf8("CustomerId\n") }))), Is.EqualTo(new[] { "header.parent" }));
        var header = new ImportProfilesRequest { Header = new ImportHeader { Parent = _doors.Environment, Format = FileFormat.Csv } };
        Assert.That(Fields(Refused(() => SendAsync(header, header))), Is.EqualTo(new[] { "chunk" }));
        var large = new ImportProfilesRequest { Chunk = ByteString.CopyFrom(new byte[(1024 * 1024) + 1]) };
        Assert.That(Fields(Refused(() => SendAsync(header, large))), Is.EqualTo(new[] { "chunk" }));
        Assert.That(await StatisticsAsync(), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_client_that_breaks_off_imports_nothing()
    {
        await _doors.DeclareAsync();
        using var leave = new CancellationTokenSource();
        using var call = _doors.Profiles.ImportProfiles(cancellationToken: leave.Token);
        await call.RequestStream.WriteAsync(new ImportProfilesRequest { Header = new ImportHeader { Parent = _doors.Environment, Format = FileFormat.Csv } });
        await call.RequestStream.WriteAsync(new ImportProfilesRequest { Chunk = ByteString.CopyFromUtf8("CustomerId,Email\nc1,a\nc2,b\n") });
        await leave.CancelAsync();
        Assert.That(Refused(async () => await call.ResponseAsync).StatusCode, Is.EqualTo(StatusCode.Cancelled));
        await _doors.ImportAsync("CustomerId\nafter\n");
        Assert.That(await StatisticsAsync(), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Profiles_are_upserted_replaced_and_deleted()
    {
        await _doors.DeclareAsync();
        var first = await UpsertAsync(Profile("c1", ("Email", Text("a")), ("spend", Number(1))), Profile("c2"));
        Assert.That((first.Inserted, first.Updated, first.Unchanged, first.ChangeNumber), Is.EqualTo((2L, 0L, 0L, 1L)));
        var second = await UpsertAsync(Profile("c1", ("Spend", Number(1))), Profile("c2"));
        Assert.That((second.Inserted, second.Updated, second.Unchanged, second.ChangeNumber), Is.EqualTo((0L, 1L, 1L, 2L)), "an absent attribute becomes null");
        var deleted = await _doors.Profiles.DeleteProfilesAsync(new DeleteProfilesRequest { Parent = _doors.Environment, CustomerIds = { "c1", "c9", "c1" } });
        Assert.That((deleted.Deleted, deleted.ChangeNumber), Is.EqualTo((1L, 3L)));
        Assert.That(await StatisticsAsync(), Is.EqualTo((1, 3)));
    }

    [Test]
    public async Task Upserts_and_deletions_tell_all_problems_at_once_and_store_nothing()
    {
        await _doors.DeclareAsync();
        var refused = Refused(() => UpsertAsync(
            Profile("good"),
            Profile("", ("Email", Number(1)), ("Spend", Number(double.NaN))),
            Profile("good", ("CustomerId", Text("x"))),
            Profile(new string('x', 201), ("Shoe", Text("x"))),
            Profile("twice", ("Email", Text("a")), ("email", Text("b")))));
        Assert.That(Fields(refused), Is.EquivalentTo(new[]
        {
            "profiles[1].customer_id", "profiles[1].attributes[Email]", "profiles[1].attributes[Spend]", "profiles[2].customer_id",
            "profiles[2].attributes[CustomerId]", "profiles[3].customer_id", "profiles[3].attributes[Shoe]",
            "profiles[4].attributes[email]",
        }));
        Assert.That(Fields(Refused(() => UpsertAsync())), Is.EqualTo(new[] { "profiles" }));
        var ids = Enumerable.Range(0, 1001).Select(i => i == 5 ? "" : $"c{i}");
        Assert.That(
            Fields(Refused(async () => await _doors.Profiles.DeleteProfilesAsync(new DeleteProfilesRequest { Parent = _doors.Environment, CustomerIds = { ids } }))),
            Is.EqualTo(new[] { "customer_ids", "customer_ids[5]" }));
        Assert.That(await StatisticsAsync(), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task Readers_change_nothing_and_strangers_see_nothing()
    {
        await _doors.DeclareAsync();
        var reader = _doors.AsReader<ProfileService.ProfileServiceClient>();
        var name = new GetProfileSchemaRequest { Name = $"{_doors.Environment}/profileSchema" };
        Assert.That((await reader.GetProfileSchemaAsync(name)).Attributes, Has.Count.EqualTo(3));
        Assert.Multiple(() =>
        {
            Assert.That(Status(async () => await reader.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = SomeSchema(_doors.Environment) })), Is.EqualTo(StatusCode.PermissionDenied));
            Assert.That(Status(async () => await reader.UpsertProfilesAsync(new UpsertProfilesRequest { Parent = _doors.Environment })), Is.EqualTo(StatusCode.PermissionDenied));
            Assert.That(Status(async () => await reader.DeleteProfilesAsync(new DeleteProfilesRequest { Parent = _doors.Environment })), Is.EqualTo(StatusCode.PermissionDenied));
            Assert.That(Status(async () => await _harness.ClientOf<ProfileService.ProfileServiceClient>("user:stranger").GetProfileSchemaAsync(name)), Is.EqualTo(StatusCode.PermissionDenied));
            Assert.That(Status(async () => await _harness.ClientWith<ProfileService.ProfileServiceClient>(null).GetProfileSchemaAsync(name)), Is.EqualTo(StatusCode.Unauthenticated));
        });
        Assert.That((await _harness.ClientOf<ProfileService.ProfileServiceClient>("service:exports").GetProfileSchemaAsync(name)).KeyAttribute, Is.EqualTo("CustomerId"));

        static StatusCode Status(Func<Task> call) => Refused(call).StatusCode;
    }

    private async Task<ProfileSchema> GetAsync() => await _doors.Profiles.GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = $"{_doors.Environment}/profileSchema" });

    private async Task<UpsertProfilesResponse> UpsertAsync(params Profile[] profiles) =>
        await _doors.Profiles.UpsertProfilesAsync(new UpsertProfilesRequest { Parent = _doors.Environment, Profiles = { profiles } });

    private async Task<(long, long)> StatisticsAsync()
    {
        var statistics = await _doors.Profiles.GetProfileStatisticsAsync(new GetProfileStatisticsRequest { Parent = _doors.Environment });
        return (statistics.ProfileCount, statistics.ChangeNumber);
    }

    private async Task SendAsync(params ImportProfilesRequest[] messages)
    {
        using var call = _doors.Profiles.ImportProfiles();
        foreach (var message in messages)
        {
            await call.RequestStream.WriteAsync(message);
        }

        await call.RequestStream.CompleteAsync();
        await call.ResponseAsync;
    }

    private static Profile Profile(string id, params (string Name, AttributeValue Value)[] attributes)
    {
        var profile = new Profile { CustomerId = id };
        profile.Attributes.Add(attributes.ToDictionary(a => a.Name, a => a.Value));
        return profile;
    }

    private static AttributeValue Text(string text) => new() { StringValue = text };

    private static AttributeValue Number(double number) => new() { NumberValue = number };

    private static IEnumerable<string> Fields(RpcException refused)
    {
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.InvalidArgument), refused.Status.Detail);
        return refused.GetRichStatus()!.Details.Single(d => d.Is(BadRequest.Descriptor)).Unpack<BadRequest>().FieldViolations.Select(v => v.Field);
    }
}
