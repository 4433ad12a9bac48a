namespace Grpc.AspNetCore.Web;

/// <summary>Which methods are served to browsers.</summary>
public sealed class GrpcWebOptions
{
    /// <summary>Whether all are, except those that opt out; else only those that opt in.</summary>
    public bool DefaultEnabled { get; set; }
}

/// <summary>Serves a method or all of a service to browsers.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class EnableGrpcWebAttribute : Attribute;

/// <summary>Keeps a method or all of a service from browsers.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class DisableGrpcWebAttribute : Attribute;
