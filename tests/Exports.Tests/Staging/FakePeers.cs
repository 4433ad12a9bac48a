using System.Collections.Concurrent;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Staging;

/// <summary>Stands in for Connections.</summary>
internal sealed class FakeConnections : CredentialService.CredentialServiceBase
{
    private readonly ConcurrentDictionary<string, ConnectionSummary> _connections = new();

    public void Put(string name, bool shared, string type = "braze", ConnectionState state = ConnectionState.Active, string? account = null) => _connections[name] = new ConnectionSummary
    {
        Name = name,
        Type = type,
        Access = shared ? ConnectionAccess.Contributors : ConnectionAccess.Administrators,
        State = state,
        DestinationAccount = account ?? $"account of {name}",
        ExportUser = "user:exporter",
    };

    /// <summary>Happens before each answer.</summary>
    public Func<Task> BeforeAnswer { get; set; } = () => Task.CompletedTask;

    /// <summary>What the grant of a connection to Microsoft Advertising reaches.</summary>
    public void Reach(string name, params IEnumerable<string> accounts) =>
        _connections[name].MicrosoftAdvertisingAccounts.Add(accounts.Select(account => new MicrosoftAdvertisingAccount { AccountId = account }));

    public void Remove(string name) => _connections.TryRemove(name, out _);

    public override async Task<ConnectionSummary> DescribeConnection(DescribeConnectionRequest request, ServerCallContext context)
    {
        await BeforeAnswer();
        return _connections.GetValueOrDefault(request.Name) ?? throw Refusal.NotFound(request.Name).ToRpcException();
    }
}

/// <summary>Stands in for the segments of Segments.</summary>
internal sealed class FakeSegments : SegmentService.SegmentServiceBase
{
    private readonly ConcurrentDictionary<string, Segment> _segments = new();

    private readonly ConcurrentDictionary<string, bool> _broken = new();
    private int _asking;

    /// <summary>While set, every question ends with this status.</summary>
    public StatusCode? Outage { get; set; }

    /// <summary>Questions that were under way at the same time, at most.</summary>
    public int MostAsking { get; private set; }

    /// <summary>Answers are given when this is done.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    /// <summary>Questions about this segment end with INTERNAL.</summary>
    public void Break(string name) => _broken[name] = true;

    public void Put(string name, long version, bool active = true, long members = 100, string? displayName = null) => _segments[name] = new Segment
    {
        Name = name,
        State = active ? SegmentState.Active : SegmentState.Inactive,
        Version = version,
        MemberCount = members,
        DisplayName = displayName ?? $"Segment {name.Split('/')[^1]}",
    };

    public void Remove(string name) => _segments.TryRemove(name, out _);

    public override async Task<Segment> GetSegment(GetSegmentRequest request, ServerCallContext context)
    {
        if (Outage is { } outage)
        {
            throw new RpcException(new Status(outage, "out of reach"));
        }

        lock (_segments)
        {
            MostAsking = Math.Max(MostAsking, ++_asking);
        }

        await Hold;
        lock (_segments)
        {
            _asking--;
        }

        return _broken.ContainsKey(request.Name)
            ? throw new RpcException(new Status(StatusCode.Internal, "broken"))
            : _segments.GetValueOrDefault(request.Name) ?? throw Refusal.NotFound(request.Name).ToRpcException();
    }
}

/// <summary>Stands in for the profiles of Segments: one schema for every environment but those that a test left without.</summary>
internal sealed class FakeProfiles : ProfileService.ProfileServiceBase
{
    private readonly ConcurrentDictionary<string, bool> _without = new();

    public void RemoveSchema(string environment) => _without[$"environments/{environment}/profileSchema"] = true;

    public override Task<ProfileSchema> GetProfileSchema(GetProfileSchemaRequest request, ServerCallContext context) => _without.ContainsKey(request.Name)
        ? throw Refusal.NotFound(request.Name).ToRpcException()
        : Task.FromResult(new ProfileSchema
        {
            Name = request.Name,
            KeyAttribute = "CustomerId",
            Attributes =
            {
                new Contracts.Segments.V1.Attribute { Name = "CustomerId", Type = AttributeType.String },
                new Contracts.Segments.V1.Attribute { Name = "Email", Type = AttributeType.String },
                new Contracts.Segments.V1.Attribute { Name = "BrazeId", Type = AttributeType.String },
                new Contracts.Segments.V1.Attribute { Name = "Name", Type = AttributeType.String },
                new Contracts.Segments.V1.Attribute { Name = "Spent", Type = AttributeType.Number },
            },
        });
}
