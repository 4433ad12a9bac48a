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
    };

    public void Remove(string name) => _connections.TryRemove(name, out _);

    public override Task<ConnectionSummary> DescribeConnection(DescribeConnectionRequest request, ServerCallContext context) =>
        Task.FromResult(_connections.GetValueOrDefault(request.Name) ?? throw Refusal.NotFound(request.Name).ToRpcException());
}

/// <summary>Stands in for the segments of Segments.</summary>
internal sealed class FakeSegments : SegmentService.SegmentServiceBase
{
    private readonly ConcurrentDictionary<string, Segment> _segments = new();

    /// <summary>While set, every question ends with this status.</summary>
    public StatusCode? Outage { get; set; }

    public void Put(string name, long version, bool active = true, long members = 100) => _segments[name] = new Segment
    {
        Name = name,
        State = active ? SegmentState.Active : SegmentState.Inactive,
        Version = version,
        MemberCount = members,
    };

    public void Remove(string name) => _segments.TryRemove(name, out _);

    public override Task<Segment> GetSegment(GetSegmentRequest request, ServerCallContext context) => Outage is { } outage
        ? throw new RpcException(new Status(outage, "out of reach"))
        : Task.FromResult(_segments.GetValueOrDefault(request.Name) ?? throw Refusal.NotFound(request.Name).ToRpcException());
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
