using System.Collections.ObjectModel;
using System.IO.Compression;
using Grpc.Core.Interceptors;

namespace Grpc.AspNetCore.Server;

/// <summary>How services are served.</summary>
public sealed class GrpcServiceOptions
{
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Largest message a client may send, in bytes; 4 MiB unless set, null for no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>Largest message a method may answer, in bytes; no limit unless set.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Whether clients are told the type and the message of unexpected exceptions. For development.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>"gzip" to compress answers for clients that accept it. Off unless set.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>Stand in the way of every call, the first one outermost.</summary>
    public InterceptorCollection Interceptors { get; } = [];
}

/// <summary>An interceptor to make for each call, unless the container has one and no arguments are given.</summary>
public sealed class InterceptorRegistration(Type type, object[] arguments)
{
    public Type Type { get; } = type;

    /// <summary>Constructor arguments that don't come from the container.</summary>
    public IReadOnlyList<object> Arguments { get; } = arguments;
}

/// <summary>The interceptors of a server.</summary>
public sealed class InterceptorCollection : Collection<InterceptorRegistration>
{
    public void Add<TInterceptor>(params object[] args)
        where TInterceptor : Interceptor => Add(new InterceptorRegistration(typeof(TInterceptor), args));

    public void Add(Type interceptorType, params object[] args)
    {
        if (!interceptorType.IsSubclassOf(typeof(Interceptor)))
        {
            throw new ArgumentException($"{interceptorType} must derive from {typeof(Interceptor)}.", nameof(interceptorType));
        }

        Add(new InterceptorRegistration(interceptorType, args));
    }
}
