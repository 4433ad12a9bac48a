using System.Globalization;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Comparing;
using Google.Rpc;
using Grpc.Core;
using Spectre.Console;

namespace CustomerInsights.Quickstart.Showing;

/// <summary>What a person sees.</summary>
internal sealed class Screen(IAnsiConsole console)
{
    private const int WidthOfFiles = 140;

    private const int ErrorsShown = 10;
    private const int NamesShown = 3;

    /// <summary>The terminal; or a file or pipe, which gets neither colours nor the width of a terminal.</summary>
    public static Screen OfProcess()
    {
        var redirected = Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect });
        console.Profile.Width = redirected ? WidthOfFiles : console.Profile.Width;
        return new Screen(console);
    }

    public void Heading(string text) => console.Write(new Rule($"[bold]{Markup.Escape(text)}[/]").LeftJustified());

    public void Say(string text) => console.MarkupLineInterpolated($"  {text}");

    /// <summary>As it is, for programs to read.</summary>
    public void Plain(string text) => console.Profile.Out.Writer.WriteLine(text);

    public void Good(string text) => console.MarkupLineInterpolated($"  [green]✓[/] {text}");

    public void Bad(string text) => console.MarkupLineInterpolated($"  [red]✗[/] {text}");

    /// <summary>What a call was refused for: its status, and each wrong field.</summary>
    public void Refused(RpcException refused)
    {
        Bad($"{refused.StatusCode}: {refused.Status.Detail}");
        foreach (var violation in ViolationsOf(refused))
        {
            Bad($"  {violation.Field}: {violation.Description}");
        }
    }

    public void Judge(bool good, string text)
    {
        if (good)
        {
            Good(text);
        }
        else
        {
            Bad(text);
        }
    }

    /// <summary>Shows a bar while something goes on.</summary>
    /// <param name="title">What goes on.</param>
    /// <param name="work">Does it; tells how much is done, of how much.</param>
    public Task<T> WatchAsync<T>(string title, Func<Action<double, double>, CancellationToken, Task<T>> work, CancellationToken cancellationToken) => console.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .StartAsync(async context =>
        {
            var bar = context.AddTask($"  {Markup.Escape(title)}", maxValue: 1);
            var result = await work((done, all) => bar.Value = all <= 0 ? 0 : done / all, cancellationToken);
            bar.Value = 1;
            return result;
        });

    public void Import(ImportProfilesResponse import)
    {
        Judge(
            import.Rejected == 0,
            string.Create(CultureInfo.InvariantCulture, $"{import.RowsRead:N0} rows: {import.Inserted:N0} new, {import.Updated:N0} changed, {import.Unchanged:N0} as before, {import.Deleted:N0} deleted, {import.Rejected:N0} rejected"));
        foreach (var error in import.Errors.Take(ErrorsShown))
        {
            Say($"  line {error.Line}, column {error.Column} {error.Field}: {error.Reason}. {error.Message}");
        }
    }

    public void Refresh(SegmentRefresh refresh) => Judge(
        refresh.State == RefreshState.Successful,
        string.Create(CultureInfo.InvariantCulture, $"version {refresh.Version}: {refresh.MemberCount:N0} members, {refresh.AddedCount:N0} joined, {refresh.RemovedCount:N0} left {refresh.Error}"));

    public void Run(ExportRun run)
    {
        var counts = run.Counts ?? new RunCounts();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Run", $"{run.Trigger}: {run.State}");
        table.Columns[1].RightAligned();
        foreach (var (name, number) in new[]
        {
            ("members read", counts.Read), ("added", counts.Added), ("updated", counts.Updated), ("unchanged", counts.Unchanged), ("skipped", counts.Skipped),
            ("duplicates", counts.Duplicates), ("rejected", counts.Rejected), ("taken out", counts.Removed), ("requests", counts.Requests),
        })
        {
            table.AddRow(name, number.ToString("N0", CultureInfo.InvariantCulture));
        }

        if (run.EndTime is not null && run.StartTime is not null)
        {
            table.AddRow("seconds", (run.EndTime.ToDateTimeOffset() - run.StartTime.ToDateTimeOffset()).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture));
        }

        console.Write(table);
        if (run.Reason.Length > 0)
        {
            Bad($"{run.Reason}: {run.Message}");
        }

        foreach (var rejection in run.RejectionClasses)
        {
            Say($"{rejection.Count} × {rejection.Reason}, first {rejection.FirstCustomerId}");
        }
    }

    public void Changes(SentChanges sent)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Sent to Braze", "Customers", "Such as");
        Add(table, "joined: attribute set, all mapped fields", sent.Joined);
        Add(table, "changed: the mapped fields again", sent.Changed);
        Add(table, "left or deleted: attribute cleared", sent.Left);
        console.Write(table);
        Judge(sent.AreExact, $"exactly these, in {sent.Requests} request(s): {sent.Missing.Count} missing, {sent.Surplus.Count} without need");
    }

    public void Compare(Comparing.Comparison comparison, int rejected)
    {
        var others = rejected == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", without the {rejected:N0} that could not be delivered");
        Judge(comparison.AreEqual, string.Create(CultureInfo.InvariantCulture, $"Braze equals the segment, attribute by attribute: {comparison.Members:N0} members{others}"));
        foreach (var difference in comparison.Differences)
        {
            Bad(difference);
        }
    }

    private static IEnumerable<BadRequest.Types.FieldViolation> ViolationsOf(RpcException refused)
    {
        var details = refused.Trailers.GetValueBytes("grpc-status-details-bin") is { } bytes ? Google.Rpc.Status.Parser.ParseFrom(bytes).Details : [];
        return details.Where(d => d.Is(BadRequest.Descriptor)).SelectMany(d => d.Unpack<BadRequest>().FieldViolations);
    }

    private static void Add(Table table, string what, IReadOnlyList<string> ids) => table.AddRow(
        Markup.Escape(what), ids.Count.ToString("N0", CultureInfo.InvariantCulture), Markup.Escape(string.Join(", ", ids.Take(NamesShown)) + (ids.Count > NamesShown ? " …" : "")));
}
