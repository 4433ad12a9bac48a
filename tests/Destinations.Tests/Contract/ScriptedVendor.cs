using System.Collections.Concurrent;
using System.Text;
using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Destinations.Contract;

/// <summary>How rows go to a <see cref="ScriptedVendor"/>.</summary>
internal enum ScriptedWay
{
    /// <summary>As they are read, with values.</summary>
    Payloads,

    /// <summary>Written down first, then by requests.</summary>
    Due,

    /// <summary>Written down first, then as files.</summary>
    Files,
}

/// <summary>A vendor in memory, for what is the same with every destination.</summary>
internal sealed class ScriptedVendor(ScriptedWay way) : Vendor
{
    public const string NoAddress = "ADDRESS_MISSING";
    public const string Refused = "ROW_REFUSED";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _members = [];
    private readonly List<VendorRequest> _requests = [];
    private readonly List<(VendorFault Fault, int[] Seen)> _faults = [];
    private TaskCompletionSource _healed = new();

    public ScriptedWay Way => way;

    /// <summary>Files by ticket; null for one that has not arrived.</summary>
    public ConcurrentDictionary<string, ScriptedFile?> Tickets { get; } = new();

    /// <summary>Members that it takes from one export; null for any number.</summary>
    public long? MembersAtMost { get; set; }

    /// <summary>Key of the audience. All that there are hold the same members.</summary>
    public string Audience { get; set; } = "everybody";

    /// <summary>Whether the audience may hold others than whom it was sent: everybody is replaced.</summary>
    public bool MustReplace { get; set; }

    /// <summary>Called before and after each step of a file, with its name, such as "upload" and "uploaded"; a test may let it hang.</summary>
    public Func<string, CancellationToken, Task> AtStep { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What a question about a file is answered with; null for the truth.</summary>
    public Func<FileStep?> AtAsk { get; set; } = () => null;

    /// <summary>What the reading of a result comes to; null for the truth.</summary>
    public Func<FileStep?> AtRead { get; set; } = () => null;

    public override bool CarriesValues => way == ScriptedWay.Payloads;

    public override bool WritesDown => way != ScriptedWay.Payloads;

    public override bool TakesFiles => way == ScriptedWay.Files;

    public override IServiceApp App => new ScriptedApp(this);

    public override string Topic => "exports.scripted-run-requested.v1";

    public override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>();

    public override Credential Credential => new() { Braze = new BrazeConnection { Host = "example.com", ApiKey = Secret } };

    public override string Secret => "scripted-secret";

    public override string NoAddressReason => NoAddress;

    public override string RefusedReason => Refused;

    public override void Configure(Export export)
    {
        export.DisplayName = "Scripted";
        if (WritesDown)
        {
            export.Segments.RemoveAt(1);
        }
    }

    public override void Redefine(Export export)
    {
        if (WritesDown)
        {
            export.DisplayName = "Scripted anew";
        }
        else
        {
            base.Redefine(export);
        }
    }

    public override IReadOnlyDictionary<string, AttributeValue> Profile(Customer customer) => new Dictionary<string, AttributeValue>
    {
        ["key"] = new() { StringValue = customer.Key },
        ["email"] = new() { StringValue = customer.Email },
        ["name"] = new() { StringValue = customer.Name },
    };

    public override Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyDictionary<string, string>>(_members.ToDictionary());
        }
    }

    public override Task<IReadOnlyList<VendorRequest>> RequestsAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<VendorRequest>>([.. _requests]);
        }
    }

    public override Task AddForeignAsync(string key, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _members[key] = "";
        }

        return Task.CompletedTask;
    }

    public override Task ForgetAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _members.Clear();
        }

        return Task.CompletedTask;
    }

    public override Task InjectAsync(VendorFault fault, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _faults.Add((TakesFiles ? fault with { Skip = 0 } : fault, [0]));
        }

        return Task.CompletedTask;
    }

    public override Task<bool> HasMetFaultAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_faults.Any(fault => fault.Seen[0] > fault.Fault.Skip));
        }
    }

    public override Task HealAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _faults.Clear();
            _healed.TrySetResult();
            _healed = new TaskCompletionSource();
        }

        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task<BatchOutcome> TakeAsync(DeliveryBatch batch, TimeProvider time, CancellationToken cancellationToken)
    {
        var (fault, wait) = Meet([.. batch.Operations.Select(operation => operation.Key)]);
        if (fault?.Kind == VendorFaultKind.Hanging)
        {
            await wait.WaitAsync(cancellationToken);
        }

        if (fault?.Kind == VendorFaultKind.Slow)
        {
            await Task.Delay(100, cancellationToken);
        }

        return fault?.Kind switch
        {
            VendorFaultKind.Unavailable or VendorFaultKind.DroppedBefore => new BatchOutcome(Answer.Unavailable) { Reason = Reasons.Unavailable },
            VendorFaultKind.Throttled => Throttled(TimeSpan.FromSeconds(1)),
            VendorFaultKind.ThrottledForLong => Throttled(TimeSpan.FromMinutes(10)),
            VendorFaultKind.RefuseRequest => new BatchOutcome(Answer.Refused) { Reason = Refused },
            VendorFaultKind.TooLarge => new BatchOutcome(Answer.TooLarge) { Reason = Reasons.RowTooLarge },
            VendorFaultKind.Unauthorized => new BatchOutcome(Answer.Unauthorized) { Reason = Reasons.CredentialUnknown },
            VendorFaultKind.Forbidden => new BatchOutcome(Answer.Unauthorized) { Reason = Reasons.CredentialForbidden },
            _ => Take(batch, fault),
        };

        BatchOutcome Throttled(TimeSpan wait) => new(Answer.Throttled) { Reason = Reasons.Throttled, RetryAt = time.GetUtcNow() + wait };
    }

    /// <summary>The fault that the next request, with these keys, meets; and what ends one that hangs.</summary>
    public (VendorFault? Fault, Task Healed) Meet(IReadOnlyCollection<string> keys)
    {
        lock (_gate)
        {
            foreach (var (fault, seen) in _faults.Where(f => f.Fault.Key.Length == 0 || keys.Contains(f.Fault.Key)))
            {
                var ordinal = seen[0]++ - fault.Skip;
                if (ordinal >= 0 && ordinal < (fault.Count ?? int.MaxValue))
                {
                    return (fault, _healed.Task);
                }
            }

            return (null, Task.CompletedTask);
        }
    }

    /// <summary>Takes a file in; tells which of its keys were refused, by an empty one when it does not say.</summary>
    public IReadOnlyCollection<string> TakeFile(FileKind kind, IReadOnlyList<string> keys, VendorFault? fault)
    {
        lock (_gate)
        {
            var refused = _faults
                .Where(f => (f.Fault.Kind is VendorFaultKind.RefuseRow or VendorFaultKind.RefuseRowUnnamed) && f.Seen[0] <= (f.Fault.Count ?? int.MaxValue))
                .Select(f => f.Fault.Key).ToHashSet();
            if (kind == FileKind.Replacement)
            {
                _members.Clear();
            }

            foreach (var key in keys.Where(key => !refused.Contains(key)))
            {
                Apply(kind == FileKind.Removals ? DeliveryKind.Removal : DeliveryKind.Upsert, [key]);
            }

            _requests.Add(new VendorRequest(keys, kind == FileKind.Removals ? [] : keys));
            return fault?.Kind == VendorFaultKind.RefuseRowUnnamed ? [""] : [.. refused.Where(keys.Contains)];
        }
    }

    private BatchOutcome Take(DeliveryBatch batch, VendorFault? fault)
    {
        lock (_gate)
        {
            var refused = fault?.Kind switch
            {
                VendorFaultKind.RefuseRow => _faults.Where(f => f.Fault.Kind == VendorFaultKind.RefuseRow).Select(f => f.Fault.Key).ToHashSet(),
                VendorFaultKind.RefuseRowUnnamed => [fault.Key],
                _ => [],
            };
            foreach (var operation in batch.Operations.Where(operation => !refused.Contains(operation.Key)))
            {
                Apply(batch.Kind, Encoding.UTF8.GetString(operation.Payload.Span).Split('|'));
            }

            var keys = batch.Operations.Select(operation => operation.Key).ToList();
            _requests.Add(new VendorRequest(keys, batch.Kind == DeliveryKind.Upsert ? keys : []));
            return fault?.Kind switch
            {
                VendorFaultKind.RefuseRowUnnamed => new BatchOutcome(Answer.Refused) { Reason = Refused },
                VendorFaultKind.DroppedAfter or VendorFaultKind.Unreadable => new BatchOutcome(Answer.Unknown) { Reason = Reasons.AnswerLost },
                _ => BatchOutcome.AllDelivered with { Rejections = [.. keys.Index().Where(key => refused.Contains(key.Item)).Select(key => new RowRejection(key.Index, Refused))] },
            };
        }
    }

    private void Apply(DeliveryKind kind, string[] parts)
    {
        if (kind == DeliveryKind.Removal)
        {
            _members.Remove(parts[0]);
        }
        else
        {
            _members[parts[0]] = parts.Length > 1 ? parts[1] : "";
        }
    }

    private sealed class ScriptedApp(ScriptedVendor vendor) : IServiceApp
    {
        public string AppId => "worker-braze";

        public void Configure(ServiceBuilder builder)
        {
            builder.Services.AddSingleton(vendor);
            builder.AddDestination<ScriptedDestination>(vendor.Topic, Topics.ExportDeleted);
        }
    }
}
