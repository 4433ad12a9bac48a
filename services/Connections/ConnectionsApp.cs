using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Consenting;
using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.Granting;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Connections.Removing;
using CustomerInsights.Connections.SigningIn;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.Connections.Viewing;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections;

/// <summary>The process that owns connections, their credentials, consents and export users.</summary>
public sealed class ConnectionsApp : IServiceApp
{
    public string AppId => "connections";

    public void Configure(ServiceBuilder builder)
    {
        builder.AddOptions<ConnectionsOptions>(ConnectionsOptions.Section);
        AddDefining(builder);
        AddVerifying(builder);
        AddSigningIn(builder);
        AddFetching(builder);
        AddProtecting(builder);
        builder.AddGrpcClient<ExportService.ExportServiceClient>("exports");
        builder.Services.AddSingleton<ExportsInUse>().AddSingleton<DeleteConnection>();
    }

    private static void AddDefining(ServiceBuilder builder)
    {
        builder.AddGrpcService<ConnectionDoor>();
        builder.MapHttp(http => http.MapGet("/consent-statement/{version?}", (string? version) =>
            ConsentStatement.Find(version ?? ConsentStatement.CurrentVersion) is { } text ? Results.Text(text) : Results.NotFound()));
        builder.Services
            .AddSingleton<ConnectionType, BrazeConnectionType>()
            .AddSingleton<ConnectionType, MicrosoftAdvertisingConnectionType>()
            .AddSingleton<ConnectionType, WebhookConnectionType>()
            .AddSingleton<ConnectionTypes>()
            .AddSingleton<ConnectionWire>()
            .AddSingleton<ConnectionActions>()
            .AddSingleton<CreateConnection>()
            .AddSingleton<UpdateConnection>()
            .AddSingleton<NameExportUser>()
            .AddSingleton<AddExportUser>()
            .AddSingleton<ViewConnections>()
            .AddSingleton<AuditStore>();
    }

    private static void AddVerifying(ServiceBuilder builder)
    {
        builder.AddJobs<RunRechecks>(concurrency: 1);
        builder.Services
            .AddOutbound(services => services.GetRequiredService<IOptions<ConnectionsOptions>>().Value.OutboundRules)
            .AddHostedService<StartRechecks>()
            .AddSingleton<BrazeProbe>()
            .AddSingleton<MicrosoftAdvertisingProbe>()
            .AddSingleton<WebhookProbe>()
            .AddSingleton<VerifyConnection>()
            .AddSingleton<RecheckConnection>()
            .AddSingleton<RecordRecheck>();
    }

    private static void AddSigningIn(ServiceBuilder builder)
    {
        builder.MapOpenHttp(SignInPages.Map);
        builder.AddJobs<ForgetSignIns>(concurrency: 1);
        builder.Services
            .AddHostedService<StartForgettingSignIns>()
            .AddSingleton<SignInAddresses>()
            .AddSingleton<SignInTools>()
            .AddSingleton<BeginSignIn>()
            .AddSingleton<FollowLink>()
            .AddSingleton<CompleteSignIn>()
            .AddSingleton<SignInPages>()
            .AddSingleton<IdentityPlatform>()
            .AddSingleton<AccessTokens>();
    }

    private static void AddFetching(ServiceBuilder builder)
    {
        builder.AddGrpcService<CredentialDoor>();
        builder.Services.AddSingleton<FetchCredential>().AddSingleton<ReportRefusedCredential>();
    }

    private static void AddProtecting(ServiceBuilder builder) => builder.Services
        .AddSingleton<IValidateOptions<ConnectionsOptions>, CheckKeyProtection>()
        .AddSingleton<KeyCertificates>()
        .AddSingleton<KeyRing>()
        .AddSingleton<ProtectSecrets>()
        .AddHostedService<AnnounceKeyProtection>();
}
