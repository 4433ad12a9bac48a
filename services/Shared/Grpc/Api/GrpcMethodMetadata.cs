namespace Grpc.AspNetCore.Server;

/// <summary>
/// Metadata of a method's endpoint. Beside it the endpoint has the attributes of the service class and of the method that implements it.
/// </summary>
public sealed class GrpcMethodMetadata(Type serviceType, IMethod method)
{
    public Type ServiceType { get; } = serviceType;

    public IMethod Method { get; } = method;
}
