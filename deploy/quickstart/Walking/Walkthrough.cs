using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Quickstart.Showing;
using CustomerInsights.Quickstart.Starting;

namespace CustomerInsights.Quickstart.Walking;

/// <summary>The main job from end to end, and each step shown: a file in, a segment, Braze kept equal to it, changes and nothing but changes.</summary>
internal sealed class Walkthrough(Topology topology, Insights insights, ProfileFile file, Screen screen)
{
    public const string EnvironmentId = "contoso";

    private const string SegmentId = "quickstart";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // A row that was refused once is not sent again while it stays as it is, so later runs do not list it.
    private readonly HashSet<string> _rejected = [];

    /// <summary>True when everything went as it should.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        screen.Heading("Set up");
        var environment = await SetUp.CreateEnvironmentAsync(insights, EnvironmentId, cancellationToken);
        screen.Good(environment.Name);
        await SetUp.DeclareSchemaAsync(insights, environment.Name, file.Schema, cancellationToken);
        screen.Good($"profile schema: {file.Schema.Attributes.Count} attributes, key {file.Schema.KeyAttribute}");
        await ImportAsync(environment.Name, file.Path, null, cancellationToken);
        var connection = await SetUp.ConnectAsync(insights, environment.Name, topology.BrazeHost, topology.BrazeKey, cancellationToken);
        screen.Good($"{connection.Name}: verified, key encrypted, never shown again");
        var segment = await SetUp.CreateSegmentAsync(insights, environment.Name, SegmentId, file.Segment, cancellationToken);
        screen.Good($"{segment.Name}: {segment.DisplayName}");
        var export = await SetUp.CreateExportAsync(insights, connection, segment, file.Export, cancellationToken);
        screen.Good($"{export.Name}: attribute \"{export.Braze.SegmentApiIdentifier}\" and {export.Braze.FieldAttributes.Count + 1} fields");

        var others = new OtherDestinations(topology, insights, screen);
        await others.SetUpAsync(environment.Name, segment, file.Export, cancellationToken);

        using var braze = new BrazeStandIn(topology.SandboxAddress);
        screen.Heading("First refresh: everybody");
        var (good, before) = await DeliverAsync(segment.Name, export, braze, cancellationToken);
        good &= await others.CompareAsync(segment.Name, cancellationToken);
        if (file.ChangesPath is null)
        {
            return good;
        }

        screen.Heading("Second refresh: what has changed since");
        await ImportAsync(environment.Name, file.ChangesPath, file.DeleteColumn, cancellationToken);
        await braze.ChangeSettingsAsync(new { Journal = "bodies" }, cancellationToken);
        var last = await braze.LastRequestAsync(cancellationToken);
        var (goodAgain, now) = await DeliverAsync(segment.Name, export, braze, cancellationToken);
        var sent = await SentChanges.ReadAsync(braze, last, export.Braze.SegmentApiIdentifier, (before, now), cancellationToken);
        screen.Changes(sent);
        goodAgain &= await others.CompareAsync(segment.Name, cancellationToken);
        return good && goodAgain && sent.AreExact;
    }

    private async Task ImportAsync(string environment, string path, string? deleteColumn, CancellationToken cancellationToken)
    {
        var header = new ImportHeader { Parent = environment, Format = FileFormat.Csv, Columns = { file.Columns.ToDictionary() }, DeleteColumn = deleteColumn ?? "" };
        await using var content = File.OpenRead(path);
        var import = await screen.WatchAsync(
            $"import {Path.GetFileName(path)}", (progress, token) => ImportFile.RunAsync(insights, header, content, sent => progress(sent, content.Length), token), cancellationToken);
        screen.Import(import);
    }

    private async Task<(bool Good, IReadOnlyDictionary<string, ExpectedUser> Members)> DeliverAsync(
        string segment, Export export, BrazeStandIn braze, CancellationToken cancellationToken)
    {
        var refresh = await insights.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = segment }, cancellationToken: cancellationToken);
        refresh = await Follow.RefreshAsync(insights, refresh.Name, Patience, cancellationToken);
        screen.Refresh(refresh);
        var run = await screen.WatchAsync(
            "deliver",
            (progress, token) => Follow.RunAsync(insights, export.Name, refresh, r => progress(r.Counts?.Read ?? 0, r.SegmentCounts.Sum(c => c.MemberCount)), Patience, token),
            cancellationToken);
        screen.Run(run);
        _rejected.UnionWith((await ReadRejected.RunAsync(insights, run.Name, cancellationToken)).Select(row => row.CustomerId));
        var members = await ReadSegment.RunAsync(insights, export, _rejected, cancellationToken);
        var comparison = await CompareWithSegment.RunAsync(braze, export.Braze.SegmentApiIdentifier, members, cancellationToken);
        screen.Compare(comparison, _rejected.Count);
        return (refresh.State == RefreshState.Successful && run.State == RunState.Successful && comparison.AreEqual, members);
    }
}
