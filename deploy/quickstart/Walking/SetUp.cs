using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
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
    public static async Task<Connection> ConnectAsync(Insights insights, string environment, string host, string key, CancellationToken cancellationToken) =>
        await insights.Connections.CreateConnectionAsync(
            new CreateConnectionRequest
            {
                Parent = environment,
                ConnectionId = "braze",
                Connection = new Connection
                {
                    DisplayName = "Braze (stand-in)",
                    Braze = new BrazeConnection { Host = host, ApiKey = key },
                    Consent = new Consent { StatementVersion = StatementVersion, Agreed = true },
                },
            },
            cancellationToken: cancellationToken);

    public static async Task<Segment> CreateSegmentAsync(Insights insights, string environment, string id, Segment segment, CancellationToken cancellationToken) =>
        await insights.Segments.CreateSegmentAsync(
            new CreateSegmentRequest { Parent = environment, SegmentId = id, Segment = segment }, cancellationToken: cancellationToken);

    public static async Task<Export> CreateExportAsync(Insights insights, Connection connection, Segment segment, BrazeExport settings, CancellationToken cancellationToken) =>
        await insights.Exports.CreateExportAsync(
            new CreateExportRequest
            {
                Parent = string.Join('/', segment.Name.Split('/').Take(2)),
                ExportId = "to-braze",
                Export = new Export { DisplayName = "To Braze", Connection = connection.Name, Segments = { segment.Name }, Braze = settings },
            },
            cancellationToken: cancellationToken);
}
