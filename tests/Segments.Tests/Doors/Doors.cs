using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf;
using Grpc.Core;

namespace CustomerInsights.Segments.Tests.Doors;

/// <summary>The running service, and people with different rights in an environment that belongs to one test.</summary>
internal sealed class Doors
{
    private const string Editor = "user:editor";
    private const string Reader = "user:reader";

    public Doors(ServiceHarness harness)
    {
        Harness = harness;
        EnvironmentId = Some.EnvironmentId();
        harness.Roles.Assign(EnvironmentId, Editor, Role.Contributor).Assign(EnvironmentId, Reader, Role.Viewer);
        Profiles = harness.ClientOf<ProfileService.ProfileServiceClient>(Editor);
        Segments = harness.ClientOf<SegmentService.SegmentServiceClient>(Editor);
        Memberships = harness.ClientOf<MembershipService.MembershipServiceClient>(Reader);
    }

    public ServiceHarness Harness { get; }

    public string EnvironmentId { get; }

    public string Environment => $"environments/{EnvironmentId}";

    public ProfileService.ProfileServiceClient Profiles { get; }

    public SegmentService.SegmentServiceClient Segments { get; }

    public MembershipService.MembershipServiceClient Memberships { get; }

    public static Task<ServiceHarness> StartAsync(Engine engine) => ServiceHarness.StartAsync(new SegmentsApp(), new HarnessOptions { Engine = engine });

    public T AsReader<T>()
        where T : ClientBase<T> => Harness.ClientOf<T>(Reader);

    public static ProfileSchema SomeSchema(string environment, params (string Name, AttributeType Type)[] more)
    {
        var schema = new ProfileSchema { Name = $"{environment}/profileSchema", KeyAttribute = "CustomerId" };
        schema.Attributes.Add(new Contracts.Segments.V1.Attribute { Name = "CustomerId", Type = AttributeType.String });
        schema.Attributes.Add(new Contracts.Segments.V1.Attribute { Name = "Email", Type = AttributeType.String, SemanticType = "Person.Email" });
        schema.Attributes.Add(new Contracts.Segments.V1.Attribute { Name = "Spend", Type = AttributeType.Number });
        schema.Attributes.Add(more.Select(a => new Contracts.Segments.V1.Attribute { Name = a.Name, Type = a.Type }));
        return schema;
    }

    public async Task<ProfileSchema> DeclareAsync() => await Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = SomeSchema(Environment) });

    public async Task<ImportProfilesResponse> ImportAsync(string file, Action<ImportHeader>? adjust = null)
    {
        var header = new ImportHeader { Parent = Environment, Format = FileFormat.Csv };
        adjust?.Invoke(header);
        using var call = Profiles.ImportProfiles();
        await call.RequestStream.WriteAsync(new ImportProfilesRequest { Header = header });
        foreach (var chunk in System.Text.Encoding.UTF8.GetBytes(file).Chunk(50_000))
        {
            await call.RequestStream.WriteAsync(new ImportProfilesRequest { Chunk = ByteString.CopyFrom(chunk) });
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }

    public static Segment SpendAtLeast(double spend) => new()
    {
        DisplayName = "Spenders",
        Rule = new Condition
        {
            Comparison = new Comparison
            {
                Attribute = "Spend", Operator = ComparisonOperator.GreaterThanOrEqualTo, Values = { new AttributeValue { NumberValue = spend } },
            },
        },
    };

    public async Task<string> AddSegmentAsync(double spend = 20, string id = "spenders") => (await Segments.CreateSegmentAsync(
        new CreateSegmentRequest { Parent = Environment, SegmentId = id, Segment = SpendAtLeast(spend) })).Name;

    public async Task<SegmentRefresh> RefreshAsync(string segment) =>
        await EndOfAsync((await Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = segment })).Name);

    /// <summary>Waits until a refresh is over.</summary>
    public async Task<SegmentRefresh> EndOfAsync(string refresh)
    {
        SegmentRefresh? last = null;
        await Eventually.TrueAsync(
            async () => (last = await Segments.GetSegmentRefreshAsync(new GetSegmentRefreshRequest { Name = refresh })).State >= RefreshState.Successful,
            "the refresh ends",
            TimeSpan.FromSeconds(60));
        return last!;
    }

    public async Task<List<MembershipPage>> MembersAsync(params string[] segments)
    {
        using var call = Memberships.StreamMembers(new StreamMembersRequest { Parent = Environment, Segments = { segments }, Attributes = { "Email" } });
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    }

    public static RpcException Refused(Func<Task> call) => Assert.ThrowsAsync<RpcException>(async () => await call())!;
}
