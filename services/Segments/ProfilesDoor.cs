using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Importing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments;

/// <summary>What people do with profiles.</summary>
internal sealed record ProfileActions(DeclareSchema Declare, ViewSchema View, ImportProfiles Import, UpsertProfiles Upsert, DeleteProfiles Delete);

/// <summary>The door to profiles and their schema.</summary>
internal sealed class ProfilesDoor(ProfileActions actions) : Wire.ProfileService.ProfileServiceBase
{
    private const int MaxChunk = 1024 * 1024;

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.ProfileSchema> UpdateProfileSchema(UpdateProfileSchemaRequest request, ServerCallContext context)
    {
        var environment = ParseSchemaName(request.ProfileSchema.Name, "profile_schema.name");
        var wanted = SchemaWire.Read(request.ProfileSchema).OrThrow();
        var declared = await actions.Declare.RunAsync(environment, wanted, request.ProfileSchema.Etag, request.ValidateOnly, context.CancellationToken);
        return SchemaWire.Write(declared.OrThrow());
    }

    [RequiresRole(Role.Viewer, OrServices = ["exports"], OrWorkers = true)]
    public override async Task<Wire.ProfileSchema> GetProfileSchema(GetProfileSchemaRequest request, ServerCallContext context)
    {
        var set = await actions.View.RunAsync(ParseSchemaName(request.Name, "name"), context.CancellationToken);
        return SchemaWire.Write(set.OrThrow());
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<ImportProfilesResponse> ImportProfiles(IAsyncStreamReader<ImportProfilesRequest> requestStream, ServerCallContext context)
    {
        var request = await ReadHeaderAsync(requestStream, context.CancellationToken);
        var outcome = await actions.Import.RunAsync(request, ReadChunksAsync(requestStream, context.CancellationToken), context.CancellationToken);
        return ProfileWire.Write(outcome.OrThrow());
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<UpsertProfilesResponse> UpsertProfiles(UpsertProfilesRequest request, ServerCallContext context)
    {
        var given = request.Profiles.Select(ProfileWire.Read).ToList();
        var merged = (await actions.Upsert.RunAsync(ParseParent(request.Parent), given, context.CancellationToken)).OrThrow();
        return new UpsertProfilesResponse
        {
            Inserted = merged.Inserted, Updated = merged.Updated, Unchanged = merged.Unchanged, ChangeNumber = merged.ChangeNumber,
        };
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<DeleteProfilesResponse> DeleteProfiles(DeleteProfilesRequest request, ServerCallContext context)
    {
        var merged = (await actions.Delete.RunAsync(ParseParent(request.Parent), request.CustomerIds, context.CancellationToken)).OrThrow();
        return new DeleteProfilesResponse { Deleted = merged.Deleted, ChangeNumber = merged.ChangeNumber };
    }

    [RequiresRole(Role.Viewer)]
    public override async Task<ProfileStatistics> GetProfileStatistics(GetProfileStatisticsRequest request, ServerCallContext context)
    {
        var set = await actions.View.RunAsync(ParseParent(request.Parent), context.CancellationToken);
        return set.Refusal?.Kind is RefusalKind.NotFound
            ? new ProfileStatistics()
            : new ProfileStatistics { ProfileCount = set.OrThrow().ProfileCount, ChangeNumber = set.Value.ChangeNumber };
    }

    private static async Task<ImportRequest> ReadHeaderAsync(IAsyncStreamReader<ImportProfilesRequest> stream, CancellationToken cancellationToken)
    {
        if (!await stream.MoveNext(cancellationToken) || stream.Current.PartCase is not ImportProfilesRequest.PartOneofCase.Header)
        {
            throw Refusal.Invalid("header", "is required as the first message.").ToRpcException();
        }

        var header = stream.Current.Header;
        return new ImportRequest(
            ParseParent(header.Parent, "header.parent"), (Importing.FileFormat)header.Format, header.Columns, header.DeleteColumn, header.ValidateOnly);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadChunksAsync(
        IAsyncStreamReader<ImportProfilesRequest> stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await stream.MoveNext(cancellationToken))
        {
            if (stream.Current.PartCase is not ImportProfilesRequest.PartOneofCase.Chunk || stream.Current.Chunk.Length > MaxChunk)
            {
                throw Refusal.Invalid("chunk", "must be in every message after the first, with at most 1 MiB.").ToRpcException();
            }

            yield return stream.Current.Chunk.Memory;
        }
    }

    private static string ParseParent(string parent, string field = "parent") => ResourceName.Parse("environments/*", parent) is [var environment]
        ? environment
        : throw Refusal.Invalid(field, "must be \"environments/{environment}\".").ToRpcException();

    private static string ParseSchemaName(string name, string field) => ResourceName.Parse("environments/*/profileSchema", name) is [var environment]
        ? environment
        : throw Refusal.Invalid(field, "must be \"environments/{environment}/profileSchema\".").ToRpcException();
}
