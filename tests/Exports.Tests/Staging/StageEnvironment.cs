using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.TestKit;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests.Staging;

/// <summary>One environment of a stage, and what tests do in it.</summary>
internal sealed class StageEnvironment(Stage stage, string id)
{
    public string Id => id;

    public string Name => $"environments/{id}";

    public string Shared => $"{Name}/connections/shared";

    public string Private => $"{Name}/connections/private";

    public string Advertising => $"{Name}/connections/advertising";

    public string Segment => $"{Name}/segments/vip";

    public Wire.ExportService.ExportServiceClient Viewer => stage.As(Person(Role.Viewer));

    public Wire.ExportService.ExportServiceClient Contributor => stage.As(Person(Role.Contributor));

    public Wire.ExportService.ExportServiceClient Administrator => stage.As(Person(Role.Administrator));

    public static string Person(Role role) => $"user:{role.ToString().ToLowerInvariant()}";

    /// <summary>An export that may be saved, changed by a test.</summary>
    public Export NewExport(Action<Export>? change = null)
    {
        var export = new Export { DisplayName = "Our best", Connection = Shared, Segments = { Segment }, Braze = Settings.BrazeMessage() };
        change?.Invoke(export);
        return export;
    }

    /// <summary>Creates an export; each id writes an audience of its own.</summary>
    public async Task<Export> CreateAsync(string exportId = "best", Action<Export>? change = null)
    {
        var export = NewExport();
        export.Braze.SegmentApiIdentifier = exportId == "best" ? export.Braze.SegmentApiIdentifier : exportId;
        change?.Invoke(export);
        return await Administrator.CreateExportAsync(new CreateExportRequest { Parent = Name, ExportId = exportId, Export = export });
    }

    /// <summary>Creates an export to Microsoft Advertising.</summary>
    public async Task<Export> CreateAdvertisingAsync(string exportId, Action<Export>? change = null) =>
        await Administrator.CreateExportAsync(new CreateExportRequest { Parent = Name, ExportId = exportId, Export = NewAdvertising(change) });

    /// <summary>An export to Microsoft Advertising that may be saved, changed by a test.</summary>
    public Export NewAdvertising(Action<Export>? change = null) => NewExport(export =>
    {
        (export.Connection, export.MicrosoftAdvertising) = (Advertising, Settings.MicrosoftAdvertisingMessage());
        change?.Invoke(export);
    });

    /// <summary>A new version of the segment, published.</summary>
    public async Task RefreshAsync(long version)
    {
        stage.Segments.Put(Segment, version);
        await stage.PublishRefreshedAsync(Segment, version);
    }

    public async Task<IReadOnlyList<ExportRun>> RunsAsync(Export export) =>
        (await Viewer.ListExportRunsAsync(new ListExportRunsRequest { Parent = export.Name })).Runs;

    public Task<ExportRun> NewestRunAsync(Export export, RunState state, TimeSpan? timeout = null) => Eventually.ValueAsync(
        async () => (await RunsAsync(export)).Take(1).FirstOrDefault(run => run.State == state),
        $"the newest run of {export.Name} is {state}",
        timeout);

    /// <summary>Starts a run by call.</summary>
    public async Task<ExportRun> RunAsync(Export export) => await Administrator.RunExportAsync(new RunExportRequest { Name = export.Name });

    /// <summary>Takes a run over, as a worker does.</summary>
    public async Task<RunAssignment> BeginAsync(ExportRun run) => await stage.Worker.BeginRunAsync(new BeginRunRequest { Name = run.Name });

    /// <summary>Ends a run, as a worker does.</summary>
    public async Task CompleteAsync(ExportRun run, RunState state = RunState.Successful, long version = 1, string reason = "") => await stage.Worker.CompleteRunAsync(new CompleteRunRequest
    {
        Name = run.Name,
        State = state,
        Reason = reason,
        Counts = new RunCounts { Read = 10, Added = 10, Requests = 1 },
        SegmentCounts = { new SegmentCounts { Segment = Segment, Version = version, MemberCount = 10, Read = 10, Sent = 10 } },
    });

    public int RequestsFor(ExportRun run) => stage.Heard.Requested.Count(heard => heard.Run == run.Name);

    public int CompletionsOf(ExportRun run) => stage.Heard.Completed.Count(heard => heard.Run == run.Name);
}
