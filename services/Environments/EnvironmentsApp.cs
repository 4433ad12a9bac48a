using CustomerInsights.Environments.Auditing;
using CustomerInsights.Environments.Creating;
using CustomerInsights.Environments.Permitting;
using CustomerInsights.Environments.Viewing;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Identity;

namespace CustomerInsights.Environments;

/// <summary>The process that owns environments and who has which role in them.</summary>
public sealed class EnvironmentsApp : IServiceApp
{
    public string AppId => "environments";

    public void Configure(ServiceBuilder builder)
    {
        builder.AddGrpcService<EnvironmentsDoor>();
        AddCreating(builder.Services);
        AddViewing(builder.Services);
        AddPermitting(builder.Services);
    }

    private static void AddCreating(IServiceCollection services) => services.AddSingleton<CreateEnvironment>();

    private static void AddViewing(IServiceCollection services) => services
        .AddSingleton<FindEnvironment>()
        .AddSingleton<ListEnvironments>();

    private static void AddPermitting(IServiceCollection services) => services
        .AddSingleton<AuditStore>()
        .AddSingleton<AssignRole>()
        .AddSingleton<RemoveRole>()
        .AddSingleton<ListRoleAssignments>()
        .AddSingleton<FindEffectiveRole>()
        .AddSingleton<RoleCases>()
        .AddSingleton<IRoleDirectory, LocalRoleDirectory>();
}
