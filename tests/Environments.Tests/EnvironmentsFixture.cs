using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Google.Rpc;
using Grpc.Core;
using Environment = CustomerInsights.Contracts.Environments.V1.Environment;

namespace CustomerInsights.Environments.Tests;

/// <summary>The service on both engines, once for all tests of a fixture; each test makes environments of its own.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable]
public abstract class EnvironmentsFixture(Engine engine)
{
    protected ServiceHarness Harness { get; private set; } = null!;

    protected ManualTimeProvider Time { get; } = new();

    /// <summary>A platform administrator.</summary>
    protected EnvironmentService.EnvironmentServiceClient Root => Of("user:root", platformAdministrator: true);

    [OneTimeSetUp]
    public async Task StartAsync() => Harness = await ServiceHarness.StartAsync(new EnvironmentsApp(), new HarnessOptions { Engine = engine, Time = Time });

    [OneTimeTearDown]
    public async Task StopAsync() => await Harness.DisposeAsync();

    protected static RpcException Refused<T>(AsyncUnaryCall<T> call, StatusCode code, string? reason = null)
    {
        var refused = Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)!;
        Assert.That((refused.StatusCode, refused.GetReason()), Is.EqualTo((code, reason)), refused.Status.Detail);
        return refused;
    }

    protected static IEnumerable<string> FieldsOf(RpcException refused) =>
        refused.GetRichStatus()!.Details.Single(detail => detail.Is(BadRequest.Descriptor)).Unpack<BadRequest>().FieldViolations.Select(violation => violation.Field);

    protected static CreateEnvironmentRequest Request(string id) => new()
    {
        EnvironmentId = id,
        Environment = new Environment { DisplayName = "Contoso", Type = EnvironmentType.Production, Region = "westeurope" },
    };

    protected EnvironmentService.EnvironmentServiceClient Of(string principal, bool platformAdministrator = false, params string[] groups) =>
        Harness.ClientOf<EnvironmentService.EnvironmentServiceClient>(principal, platformAdministrator, groups);

    /// <summary>A new environment whose administrator is user:root.</summary>
    protected async Task<string> CreateAsync(string? id = null)
    {
        var created = await Root.CreateEnvironmentAsync(Request(id ?? Some.EnvironmentId()));
        return created.Name;
    }

    protected Task<IReadOnlyList<string>> AuditOfAsync(string environment) => Harness.Database.ReadAsync(
        session => session.QueryAsync<string>(
            """
            SELECT actor || ' ' || action || ' ' || COALESCE(principal, '-') || ' ' || COALESCE(CAST(old_role AS TEXT), '-') || '>' || COALESCE(CAST(new_role AS TEXT), '-')
            FROM audit WHERE environment_id = @id ORDER BY audit_id
            """,
            new { id = environment.Split('/')[1] }),
        CancellationToken.None);
}
