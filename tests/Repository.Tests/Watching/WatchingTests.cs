using System.Text.RegularExpressions;

namespace CustomerInsights.Repository.Watching;

/// <summary>Metrics, dashboards, alerts and runbooks tell the same story.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class WatchingTests
{
    private const string Operations = "docs/operations.md";

    [Test]
    public void Every_metric_is_named_by_a_constant_and_every_constant_names_one() => Rule.Holds(Instrument.All
        .Where(instrument => !Instrument.Constants.ContainsKey(instrument.Declared))
        .Select(instrument => $"{instrument.Place}: name {instrument.Name} by a constant of a class …MetricNames, where tests and dashboards find it.")
        .Concat(Instrument.Constants.Keys
            .Where(constant => Instrument.All.Count(instrument => instrument.Declared == constant) != 1)
            .Select(constant => $"{constant}: must name exactly one instrument.")));

    [Test]
    public void Dashboards_and_alerts_ask_for_metrics_that_exist()
    {
        var known = Instrument.All.SelectMany(instrument => instrument.Series).ToHashSet(StringComparer.Ordinal);
        Rule.Holds(
            from asked in Shipped.Expressions
            from complaint in Query.Series(asked.Expression).Where(series => !known.Contains(series)).Select(series => $"{asked.Place}: no code makes {series}.")
                .Concat(Query.Labels(asked.Expression).Where(label => !Instrument.Labels.Contains(label)).Select(label => $"{asked.Place}: no metric has the label {label}."))
                .Concat(Query.Series(asked.Expression).Count == 0 ? [$"{asked.Place}: asks for nothing."] : [])
            select complaint);
    }

    [Test]
    public void Every_metric_is_shown()
    {
        var shown = Shipped.Panels.SelectMany(panel => panel.Expressions).SelectMany(Query.Series).ToHashSet(StringComparer.Ordinal);
        Rule.Holds(Instrument.All
            .Where(instrument => !instrument.Series.Any(shown.Contains))
            .Select(instrument => $"{instrument.Place}: {instrument.Name} is on no dashboard of deploy/dashboards."));
    }

    [Test]
    public void Panels_have_an_id_of_their_own_a_title_and_what_they_mean() => Rule.Holds(
        Shipped.Panels.GroupBy(panel => (panel.File, panel.Id)).Where(same => same.Count() > 1).Select(same => $"{same.Key.File}: {same.Count()} panels have the id {same.Key.Id}.")
            .Concat(Shipped.Panels.Where(panel => panel.Title.Length == 0 || (panel.Expressions.Count > 0 && panel.Description.Length == 0))
                .Select(panel => $"{panel.File}: panel {panel.Id} lacks its title or its description.")));

    [Test]
    public void Dashboards_have_a_uid_of_their_own() => Rule.Holds(Shipped.Dashboards
        .GroupBy(dashboard => $"{dashboard.Json["uid"]}")
        .Where(same => same.Key.Length == 0 || same.Count() > 1)
        .Select(same => $"{string.Join(", ", same.Select(dashboard => dashboard.File))}: need a uid each."));

    [Test]
    public void Every_alert_has_its_runbook_and_every_runbook_its_alert()
    {
        var runbooks = Runbook().Matches(Checkout.Read(Operations).Split("\n## Runbooks\n")[1]).Select(m => m.Groups[1].Value).ToList();
        Rule.Holds(Shipped.Alerts.GroupBy(alert => alert.Name).Where(same => same.Count() > 1).Select(same => $"alerts.yaml: {same.Key} is there twice.")
            .Concat(Shipped.Alerts.Where(alert => !runbooks.Contains(alert.Name)).Select(alert => $"{Operations}: lacks the runbook \"### {alert.Name}\"."))
            .Concat(Shipped.Alerts.Where(alert => alert.Runbook != $"{Operations}#{alert.Name.ToLowerInvariant()}").Select(alert => $"alerts.yaml: {alert.Name} must lead to its runbook."))
            .Concat(Shipped.Alerts.Where(alert => alert.Severity is not ("page" or "ticket") || alert.Summary.Length == 0).Select(alert => $"alerts.yaml: {alert.Name} lacks its severity, page or ticket, or its summary."))
            .Concat(runbooks.Where(runbook => Shipped.Alerts.All(alert => alert.Name != runbook)).Select(runbook => $"{Operations}: no alert leads to the runbook {runbook}.")));
    }

    // What stands in the pages for operators of metrics exists, too.
    [Test]
    public void The_documents_name_metrics_that_exist()
    {
        var known = Instrument.All.SelectMany(instrument => instrument.Series).Concat(Instrument.Labels).ToHashSet(StringComparer.Ordinal);
        Rule.Holds(
            from page in Checkout.FilesUnder("docs/operations/", ".md").Append(Operations)
            from Match metric in Metric().Matches(Checkout.Read(page))
            where !known.Contains(metric.Groups[1].Value)
            select $"{page}: no code makes {metric.Groups[1].Value}.");
    }

    [TestCase("sum by (app) (rate(a_total{b=\"c_d{}\"}[5m])) / on (app) group_left () sum by (app) (e offset 5m) > 14.4 * 0.001", "a_total e", "b app")]
    [TestCase("histogram_quantile(0.95, sum by (le) (rate(a_bucket{job=~\"$job\"}[$__rate_interval]))) or vector(0)", "a_bucket", "job le")]
    [TestCase("count(up) unless absent(b:c)", "up b:c", "")]
    public void Expressions_are_taken_apart(string expression, string series, string labels)
    {
        Assert.That(string.Join(' ', Query.Series(expression)), Is.EqualTo(series));
        Assert.That(string.Join(' ', Query.Labels(expression)), Is.EqualTo(labels));
    }

    [TestCase("CreateCounter", "a.b.c", "{event}", "a_b_c_total")]
    [TestCase("CreateHistogram", "a.b", "s", "a_b_seconds_bucket a_b_seconds_sum a_b_seconds_count")]
    [TestCase("CreateObservableGauge", "a.b_c", "{row}", "a_b_c")]
    [TestCase("CreateUpDownCounter", "a.b", "By", "a_b_bytes")]
    public void Names_are_those_that_Prometheus_makes(string kind, string name, string unit, string series) =>
        Assert.That(string.Join(' ', new Instrument("", "", name, kind, unit).Series), Is.EqualTo(series));

    [GeneratedRegex("^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex Runbook();

    [GeneratedRegex("`((?:customerinsights|rpc)_[a-z_]+)")]
    private static partial Regex Metric();
}
