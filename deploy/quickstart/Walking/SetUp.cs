using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Comparing;
using Environment = CustomerInsights.Contracts.Environments.V1.Environment;

namespace CustomerInsights.Quickstart.Walking;

/// <summary>Makes what an export needs, one call after another, as a person would.</summary>
internal static class SetUp
{
    public const string StatementVersion = "2026-11";

    public static async Task<Environment> CreateEnvironmentAsync(Insights insights, string id, CancellationToken cancellationToken) =>
        await insights.Environments.CreateEnvironmentAsync(
            new CreateEnvironmentRequest
            {
                EnvironmentId = id,
                Environment = new Environment { DisplayName = "Contoso", Type = EnvironmentType.Trial, Region = "westeurope" },
            },
            cancellationToken: cancellationToken);

    public static async Task<ProfileSchema> DeclareSchemaAsync(Insights insights, string environment, ProfileSchema schema, CancellationToken cancellationToken)
    {
        var named = schema.Clone();
        named.Name = $"{environment}/profileSchema";
        return await insights.Profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = named }, cancellationToken: cancellationToken);
    }

    /// <summary>The stand-in's host is of no shape that Braze has, so the services must be told to allow it.</summary>
    public static Task<Connection> ConnectAsync(Insights insights, string environment, string host, string key, CancellationToken cancellationToken) =>
        ConnectAsync(
            insights, environment, "braze", new Connection { DisplayName = "Braze (stand-in)", Braze = new BrazeConnection { Host = host, ApiKey = key } }, cancellationToken);

    /// <summary>Signs a user of the stand-in in at Microsoft Advertising, as a browser would; the name of the sign-in.</summary>
    public static async Task<string> SignInAsync(Insights insights, string environment, string user, CancellationToken cancellationToken)
    {
        var begun = await insights.Connections.BeginSignInAsync(
            new BeginSignInRequest { Parent = environment, Service = SignInService.MicrosoftAdvertising }, cancellationToken: cancellationToken);
        await OtherStandIns.SignInAsync(begun.SignInUri, user, cancellationToken);
        return begun.Name;
    }

    /// <summary>Connects with the agreement that every connection needs.</summary>
    public static async Task<Connection> ConnectAsync(Insights insights, string environment, string id, Connection connection, CancellationToken cancellationToken)
    {
        connection.Consent = new Consent { StatementVersion = StatementVersion, Agreed = true };
        var request = new CreateConnectionRequest { Parent = environment, ConnectionId = id, Connection = connection };
        return await insights.Connections.CreateConnectionAsync(request, cancellationToken: cancellationToken);
    }

    public static async Task<Segment> CreateSegmentAsync(Insights insights, string environment, string id, Segment segment, CancellationToken cancellationToken) =>
        await insights.Segments.CreateSegmentAsync(
            new CreateSegmentRequest { Parent = environment, SegmentId = id, Segment = segment }, cancellationToken: cancellationToken);

    public static Task<Export> CreateExportAsync(Insights insights, Connection connection, Segment segment, BrazeExport settings, CancellationToken cancellationToken) =>
        CreateExportAsync(
            insights, "to-braze", new Export { DisplayName = "To Braze", Connection = connection.Name, Segments = { segment.Name }, Braze = settings }, cancellationToken);

    /// <summary>Makes an export in the environment of its connection.</summary>
    public static async Task<Export> CreateExportAsync(Insights insights, string id, Export export, CancellationToken cancellationToken) =>
        await insights.Exports.CreateExportAsync(
            new CreateExportRequest { Parent = string.Join('/', export.Connection.Split('/').Take(2)), ExportId = id, Export = export }, cancellationToken: cancellationToken);
}
