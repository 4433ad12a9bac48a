using System.Reflection;
using Grpc.Core;
using GrpcServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>A class that a service registered to answer gRPC calls.</summary>
internal sealed record ServedType(Type Implementation)
{
    /// <summary>The contract the class implements, from its generated base.</summary>
    public static GrpcServiceDescriptor DescriptorOf(Type implementation) =>
        implementation.GetCustomAttribute<BindServiceMethodAttribute>(inherit: true) is { } bind
            && bind.BindType.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) is GrpcServiceDescriptor descriptor
            ? descriptor
            : throw new InvalidOperationException($"{implementation} does not derive from a generated gRPC service base.");
}
