using System.Text;

namespace CustomerInsights.Sandbox.Control;

/// <summary>What an injected fault does.</summary>
public enum FaultKind
{
    /// <summary>Answers with a status of its own; the request takes effect only with <see cref="FaultRule.Commit"/>.</summary>
    Status,

    /// <summary>Cuts the connection before the request has any effect.</summary>
    DropBefore,

    /// <summary>Cuts the connection after the request took effect: the client cannot know.</summary>
    DropAfter,

    /// <summary>Waits before the request is handled.</summary>
    Delay,

    /// <summary>Handles the request, then answers one byte at a time.</summary>
    SlowDrip,

    /// <summary>Handles the request, answers half of the body, and waits before it answers the rest.</summary>
    Stall,

    /// <summary>Handles the request, then answers with half of the body it meant to send.</summary>
    MalformedBody,

    /// <summary>Handles the request, then answers without end.</summary>
    EndlessBody,

    /// <summary>
    /// Rejects the objects about the named external ids or the named hashes, or as many as <see cref="FaultRule.Objects"/> says.
    /// </summary>
    Reject,

    /// <summary>Microsoft Advertising: refuses the whole request with <see cref="FaultRule.Code"/>.</summary>
    Refuse,

    /// <summary>Microsoft Advertising: takes the uploaded file, applies nothing, and ends with <see cref="FaultRule.RequestStatus"/>.</summary>
    EndUpload,

    /// <summary>Microsoft Advertising: a status query finds the upload still in progress, whatever is true.</summary>
    HoldUpload,

    /// <summary>Microsoft Advertising: a result file without any row, whatever the status said.</summary>
    ResultWithoutRows,

    /// <summary>Microsoft Advertising: a result file that repeats its errors and tells of a row that nobody sent.</summary>
    ResultWithExtraRows,

    /// <summary>Microsoft Advertising: a result file whose column Client Id is empty.</summary>
    ResultWithoutClientIds,

    /// <summary>Microsoft Advertising: a result file whose entry is named ../../result.csv.</summary>
    ResultPathTraversal,

    /// <summary>Microsoft Advertising: a small result file that unpacks to 1 GiB.</summary>
    ResultZipBomb,
}

/// <summary>A fault to inject. Which requests it hits depends on nothing but the order of requests and the seed.</summary>
public sealed record FaultRule
{
    /// <summary>Given by the sandbox.</summary>
    public int Id { get; init; }

    public FaultKind Kind { get; init; }

    /// <summary>Only requests to this path, such as "/users/track"; null for all.</summary>
    public string? Route { get; init; }

    /// <summary>Only requests of this operation, such as "AddAudiences"; null for all. Microsoft Advertising only.</summary>
    public string? Operation { get; init; }

    /// <summary>Only requests whose body holds this text; null for all.</summary>
    public string? BodyContains { get; init; }

    /// <summary>Leaves the first matching requests alone.</summary>
    public int Skip { get; init; }

    /// <summary>Hits at most this many; null for no end.</summary>
    public int? Count { get; init; }

    /// <summary>Hits every n-th matching request; 1 for each.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Hits with this probability, decided by the seed; 1 for always.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>For <see cref="FaultKind.Status"/>: 100 to 599. 429 gets the headers of a real one.</summary>
    public int Status { get; init; } = 503;

    /// <summary>For <see cref="FaultKind.Status"/> and <see cref="FaultKind.Refuse"/>: let the request take effect before refusing it.</summary>
    public bool Commit { get; init; }

    /// <summary>For a status of 429: seconds to wait, as the vendor's headers tell them; Retry-After at Microsoft Advertising.</summary>
    public int RetryAfterSeconds { get; init; } = 1;

    /// <summary>For <see cref="FaultKind.Delay"/> and <see cref="FaultKind.Stall"/>: how long; for <see cref="FaultKind.SlowDrip"/>: between two bytes.</summary>
    public int DelayMilliseconds { get; init; } = 100;

    /// <summary>For <see cref="FaultKind.Reject"/>: whose objects; empty to let the seed choose.</summary>
    public IReadOnlyList<string> ExternalIds { get; init; } = [];

    /// <summary>For <see cref="FaultKind.Reject"/> at Microsoft Advertising: which items, as they stand in the request.</summary>
    public IReadOnlyList<string> Hashes { get; init; } = [];

    /// <summary>
    /// At Microsoft Advertising the code of the error: of the whole request for <see cref="FaultKind.Refuse"/> (null for 0, InternalError),
    /// of the item for <see cref="FaultKind.Reject"/> (null for 8006).
    /// </summary>
    public int? Code { get; init; }

    /// <summary>For <see cref="FaultKind.Refuse"/>: the HTTP status; null for the usual one of the code.</summary>
    public int? RefusalStatus { get; init; }

    /// <summary>For <see cref="FaultKind.EndUpload"/>: such as Failed, UploadFileFormatNotSupported, Aborted.</summary>
    public string RequestStatus { get; init; } = "Failed";

    /// <summary>For <see cref="FaultKind.Reject"/> without names: how many objects of a request.</summary>
    public int Objects { get; init; } = 1;

    /// <summary>For <see cref="FaultKind.Reject"/>: the type of the error.</summary>
    public string Reason { get; init; } = "BLACKLISTED_EXTERNAL_USER_ID";

    /// <summary>For <see cref="FaultKind.Reject"/>: false leaves the client without the index of the rejected object.</summary>
    public bool Indexed { get; init; } = true;

    /// <summary>How many requests it has hit; told by the sandbox.</summary>
    public int Hits { get; init; }

    /// <summary>Everything wrong with the rule, for the person who sent it; empty when it is fine.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Status is < 100 or > 599 || RefusalStatus is < 100 or > 599)
        {
            yield return "status must be 100 to 599, and refusal_status, too.";
        }

        if (Probability is not (>= 0 and <= 1))
        {
            yield return "probability must be 0 to 1.";
        }

        if (Every < 1 || Skip < 0 || Count < 0 || Objects < 1 || DelayMilliseconds < 0 || RetryAfterSeconds < 0)
        {
            yield return "every and objects must be 1 or more; skip, count, delay_milliseconds and retry_after_seconds 0 or more.";
        }
    }
}

/// <summary>A rule while it is in force, with what it needs to decide quickly.</summary>
internal sealed class ActiveFault(FaultRule rule, ulong seed)
{
    private readonly byte[]? _bodyContains = rule.BodyContains is { } text ? Encoding.UTF8.GetBytes(text) : null;
    private readonly HashSet<string> _names = [.. rule.ExternalIds, .. rule.Hashes];
    private int _matched;
    private int _hits;

    public FaultRule Rule => rule with { Hits = _hits };

    public int RuleId => rule.Id;

    /// <summary>Whether it names whom it rejects; otherwise it draws them.</summary>
    public bool NamesObjects => _names.Count > 0;

    public bool Names(ReadOnlySpan<byte> name) => _names.Contains(Encoding.UTF8.GetString(name));

    /// <summary>Whether this request is hit. The plan's lock is held.</summary>
    public bool Hits(string route, string? operation, ReadOnlySpan<byte> body)
    {
        if ((rule.Route is not null && rule.Route != route)
            || (rule.Operation is not null && rule.Operation != operation)
            || (_bodyContains is not null && body.IndexOf(_bodyContains) < 0))
        {
            return false;
        }

        var ordinal = _matched++ - rule.Skip;
        var hit = ordinal >= 0
            && (ordinal + 1) % rule.Every == 0
            && _hits < (rule.Count ?? int.MaxValue)
            && (rule.Probability >= 1 || SeededRandom.Fraction(seed, (ulong)rule.Id, (ulong)ordinal) < rule.Probability);
        _hits += hit ? 1 : 0;
        return hit;
    }

    /// <summary>A number that depends on seed, rule, hit and position only.</summary>
    public double Draw(int position) => SeededRandom.Fraction(seed, ((ulong)rule.Id << 32) | (uint)_hits, (ulong)position);
}
