using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests;

/// <summary>Plants keys that exist nowhere else, walks every path that touches one, and looks for them everywhere.</summary>
[NonParallelizable]
public sealed class CanaryTests(Engine engine) : ConnectionsFixture(engine)
{
    private readonly Engine _engine = engine;
    private readonly ConcurrentQueue<string> _answers = new();
    private readonly ConcurrentQueue<string> _traces = new();

    [Test]
    public async Task No_key_appears_in_any_log_trace_table_answer_or_error_and_no_host_where_it_does_not_belong()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => _traces.Enqueue(Describe(activity)),
        };
        ActivitySource.AddActivityListener(listener);
        var scene = await SetAsync();
        var canaries = new[] { scene.Key, $"canary-unknown-{Some.Id()}", $"canary-forbidden-{Some.Id()}", $"canary-rotated-{Some.Id()}" };
        await scene.Braze.AllowKeyAsync(canaries[2], Token, "segments.list");
        await scene.Braze.AllowKeyAsync(canaries[3], Token);
        await WalkAsync(scene, canaries);

        var tables = await StoredText.DumpAsync(Harness.Database, _engine, Token);
        var logs = string.Join('\n', Harness.Logs.Records);
        var places = new Dictionary<string, string>
        {
            ["logs"] = logs, ["tables"] = tables, ["answers and errors"] = string.Join('\n', _answers), ["traces"] = string.Join('\n', _traces),
        };
        Assert.Multiple(() =>
        {
            Assert.That(_traces, Is.Not.Empty);
            Assert.That(tables, Does.Contain("CREDENTIAL_READ").And.Contain(scene.Host), "the dump sees what is there");
            foreach (var (place, text) in places)
            {
                foreach (var canary in canaries)
                {
                    Assert.That(text, Does.Not.Contain(canary), place);
                    Assert.That(text, Does.Not.Contain(Convert.ToBase64String(Encoding.UTF8.GetBytes(canary))), place);
                }
            }

            Assert.That(places["logs"], Does.Not.Contain(scene.Host));
            Assert.That(string.Join('\n', tables.Split('\n').Where(l => !l.StartsWith("connections:", StringComparison.Ordinal))), Does.Not.Contain(scene.Host));
        });
    }

    private async Task WalkAsync(Scene scene, string[] keys)
    {
        var name = new GetConnectionRequest { Name = scene.Fetch().Name };
        await NoteAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.Braze.ApiKey = keys[1])));
        await NoteAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.Braze.ApiKey = keys[2])));
        await NoteAsync(scene.Client.CreateConnectionAsync(scene.Request(r => (r.Connection.Braze.ApiKey, r.Connection.Braze.Host) = (keys[1], $"{keys[1]}.example.com"))));
        await NoteAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.Braze.ApiKey = $"{keys[1]} with spaces")));
        await NoteAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.ValidateOnly = true)));
        await NoteAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.RequestId = "once")));
        await NoteAsync(scene.Client.CreateConnectionAsync(scene.Request(r => (r.RequestId, r.Connection.Braze.ApiKey) = ("once", keys[1]))));
        await NoteAsync(scene.Client.GetConnectionAsync(name));
        await NoteAsync(scene.Client.ListConnectionsAsync(new ListConnectionsRequest { Parent = scene.Parent }));
        await NoteAsync(scene.Service("exports").DescribeConnectionAsync(new DescribeConnectionRequest { Name = name.Name }));
        await NoteAsync(Change(scene, keys[1]));
        Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).Braze.ApiKey, Is.EqualTo(keys[0]));
        await NoteAsync(scene.Service("exports").FetchCredentialAsync(scene.Fetch()));
        await NoteAsync(scene.Worker.ReportRefusedCredentialAsync(scene.Report($"Invalid API key: {keys[0]}")));
        foreach (var kind in new[] { FaultKind.DropBefore, FaultKind.MalformedBody, FaultKind.Status })
        {
            await scene.Braze.AddFaultAsync(new FaultRule { Kind = kind, Count = 1 }, Token);
            await NoteAsync(scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = name.Name }));
            await scene.Braze.ClearFaultsAsync(Token);
        }

        await NoteAsync(Change(scene, keys[3]));
        scene.Assign(Scene.Admin, Role.Contributor);
        await NoteAsync(scene.Worker.FetchCredentialAsync(scene.Fetch()));
        await NoteAsync(scene.As(Scene.OtherAdmin).AddExportUserAsync(new AddExportUserRequest { Name = name.Name }));
        await NoteAsync(scene.Worker.ReportRefusedCredentialAsync(scene.Report("CREDENTIAL_UNKNOWN")));
    }

    private static AsyncUnaryCall<Connection> Change(Scene scene, string key) => scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest
    {
        Connection = new Connection { Name = scene.Fetch().Name, Braze = new BrazeConnection { ApiKey = key } }, UpdateMask = new FieldMask { Paths = { "braze.api_key" } },
    });

    private async Task NoteAsync<T>(AsyncUnaryCall<T> call)
        where T : IMessage<T>
    {
        try
        {
            _answers.Enqueue((await call).ToString()!);
        }
        catch (RpcException refused)
        {
            _answers.Enqueue($"{refused} {string.Join(' ', refused.Trailers.Select(t => t.IsBinary ? Encoding.Latin1.GetString(t.ValueBytes) : t.Value))}");
        }
    }

    internal static string Describe(Activity activity) =>
        $"{activity.Source.Name} {activity.DisplayName} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Events.Select(e => $"{e.Name} {string.Join(' ', e.Tags)}"))} {string.Join(' ', activity.Baggage)}";
}
