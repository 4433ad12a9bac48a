using System.Buffers;
using System.Text;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Destinations.Contract;

/// <summary>A destination without a wire: delivers into a <see cref="ScriptedVendor"/> in the same process.</summary>
internal sealed class ScriptedDestination(ScriptedVendor vendor, TimeProvider time) : IDestination
{
    public string Type => "scripted";

    public string Explain(string reason) => reason == ScriptedVendor.NoAddress ? "There is no address." : "";

    public Task<Result<IDestinationSession>> OpenAsync(RunAssignment assignment, Credential credential, CancellationToken cancellationToken) =>
        Task.FromResult<Result<IDestinationSession>>(new ScriptedSession(vendor, assignment.Export, time));
}

/// <summary>Rows are "key|name"; a row that takes somebody out is "key".</summary>
internal sealed class ScriptedSession(ScriptedVendor vendor, Export export, TimeProvider time) : IDestinationSession
{
    private const ulong NameMark = 1;
    private static readonly MappingRefusal NoAddress = new(ScriptedVendor.NoAddress, WantsAddress: true);

    public DestinationLimits Limits { get; } = new(Vendor.RowsPerRequest, 10_000, 2, 1, Vendor.RequestsInFlight, new RateLimit(1_000, TimeSpan.FromSeconds(1)));

    public IReadOnlyList<string> Attributes => ["key", "email", "name"];

    public IReadOnlyList<Audience> Audiences { get; } = [new(vendor.Audience, [.. export.Segments])];

    public string Definition => export.DisplayName;

    public IFileDelivery? Files { get; } = vendor.Way == ScriptedWay.Payloads ? null : new ScriptedFiles(vendor, time);

    public long? MembersAtMost => vendor.MembersAtMost;

    public Task<Result<IReadOnlyCollection<string>>> PrepareAsync(CancellationToken cancellationToken) =>
        Task.FromResult<Result<IReadOnlyCollection<string>>>(vendor.MustReplace ? [vendor.Audience] : Array.Empty<string>());

    public MappedMember Map(string audience, Member member, StandingDelivery? standing, IBufferWriter<byte> payload)
    {
        var (key, email, name) = (member.Values[0].StringValue, member.Values[1].StringValue, member.Values[2].StringValue);
        if (email.Length == 0)
        {
            return MappedMember.Refused(NoAddress);
        }

        if (Files is not null)
        {
            payload.Write(Encoding.ASCII.GetBytes(key));
            return MappedMember.As(key, 0, key.Length);
        }

        var text = Encoding.UTF8.GetBytes($"{key}|{name}");
        payload.Write(text);
        return MappedMember.As(key, name.Length > 0 ? NameMark : 0, text.Length);
    }

    public bool MapRemoval(string audience, string key, IBufferWriter<byte> payload)
    {
        payload.Write(Encoding.UTF8.GetBytes(key));
        return true;
    }

    public Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken) => vendor.TakeAsync(batch, time, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
