using System.Text.RegularExpressions;

namespace CustomerInsights.Repository.Words;

/// <summary>What must not stand in a public repository: places of one machine, strange hosts, people's addresses.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class WordsTests
{
    private static readonly string[] TextFiles =
        [".cs", ".csproj", ".props", ".targets", ".md", ".proto", ".sql", ".sh", ".json", ".yaml", ".yml", ".txt", ".csv", ".jsonl", ".editorconfig", ".gitignore", "/run"];

    // Hosts that documentation and code may point to. Whatever else turns up is a leak or wants a line here.
    private static readonly string[] KnownHosts =
    [
        "localhost", "127.0.0.1", "0.0.0.0", "github.com", "dotnet.microsoft.com", "learn.microsoft.com", "www.nuget.org", "semver.org", "keepachangelog.com",
        "opensource.org", "www.w3.org", "grpc.io", "cloudevents.io", "opentelemetry.io", "www.rabbitmq.com", "www.postgresql.org", "www.sqlite.org", "www.braze.com",
        "google.aip.dev", "aip.dev", "protobuf.dev", "datatracker.ietf.org", "www.rfc-editor.org", "dapr.io", "docs.dapr.io", "json-schema.org", "masstransit.io",
        "schemas.microsoft.com", "spectreconsole.net", "kubernetes.io", "kubernetes.default.svc", "login.microsoftonline.com", "insights.vault.azure.net", "ads.microsoft.com", "clientcenter.api.bingads.microsoft.com",
        "campaign.api.bingads.microsoft.com", "bulk.api.bingads.microsoft.com",
    ];

    [Test]
    public void No_place_of_one_machine() => Rule.Holds(Lines()
        .Where(l => MachinePath().IsMatch(l.Text))
        .Select(l => $"{l.Path}({l.Number}): names a place of one machine; use a path relative to the repository."));

    // The lock names the pages of its packages' authors. What it must not name is where somebody happened to fetch them.
    [Test]
    public void No_registry_in_the_lock_of_node() => Rule.Holds(
        from line in Lines()
        where IsLock(line.Path) && line.Text.Contains("\"resolved\"", StringComparison.Ordinal)
        select $"{line.Path}({line.Number}): names a registry; lock with npm install --omit-lockfile-registry-resolved.");

    [Test]
    public void No_unknown_host() => Rule.Holds(
        from line in Lines()
        where !IsLock(line.Path)
        from Match url in Url().Matches(line.Text)
        let host = url.Groups[1].Value.ToLowerInvariant()
        where !KnownHosts.Contains(host) && !IsReserved(host) && !IsVendorShape(host)
        select $"{line.Path}({line.Number}): names the host {host}; use an example name, or add it to the known hosts of this test.");

    [Test]
    public void No_address_but_samples() => Rule.Holds(
        from line in Lines()
        from Match address in Address().Matches(line.Text)
        let host = address.Groups[1].Value.ToLowerInvariant()
        where !IsReserved(host) && !IPv4().IsMatch(host)
        select $"{line.Path}({line.Number}): holds an address at {host}; sample people live at example.com.");

    // In two parts, so that this file does not break its own rule.
    [TestCase("see /home", "/someone/x", true)]
    [TestCase("in /root", "/.nuget", true)]
    [TestCase("GET /users/track, /tmp/x, services/work", "/y", false)]
    public void Machine_paths_are_found(string front, string back, bool expected) => Assert.That(MachinePath().IsMatch(front + back), Is.EqualTo(expected));

    // Names that RFC 2606 and RFC 6761 set aside, and one-label names inside a network of our own.
    private static bool IsReserved(string host) =>
        !host.Contains('.', StringComparison.Ordinal)
        || Regex.IsMatch(host, @"(^|\.)example\.(com|org|net)$", RegexOptions.None)
        || Regex.IsMatch(host, @"\.(example|test|invalid|localhost|local)$", RegexOptions.None);

    private static bool IsLock(string path) => path.EndsWith("/package-lock.json", StringComparison.Ordinal);

    private static bool IsVendorShape(string host) => Regex.IsMatch(host, @"^rest\.[a-z0-9-]+\.braze\.(com|eu)$");

    private static IEnumerable<(string Path, int Number, string Text)> Lines() =>
        from path in Checkout.Files
        where TextFiles.Any(e => path.EndsWith(e, StringComparison.Ordinal))
        from line in Checkout.Read(path).Split('\n').Select((text, index) => (path, index + 1, text))
        select line;

    [GeneratedRegex(@"(?<![A-Za-z0-9.$}])/(home/[a-z]|root/|work/|Users/[A-Za-z]|opt/nuget)")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b(?:https?|amqps?|ftp)://(?:[^\s/@""'<>]*@)?([A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9])(?=[:/\s""'`)>,;?#]|$)")]
    private static partial Regex Url();

    [GeneratedRegex(@"(?<![\w:/.+-])[A-Za-z0-9][A-Za-z0-9._%+-]*@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})\b")]
    private static partial Regex Address();

    [GeneratedRegex(@"^[0-9.]+$")]
    private static partial Regex IPv4();
}
