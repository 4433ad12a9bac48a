using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

/// <summary>Carries on the configuration of a server.</summary>
public interface IGrpcServerBuilder
{
    IServiceCollection Services { get; }
}
