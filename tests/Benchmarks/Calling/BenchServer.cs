using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>One Kestrel with our service and, beside it, endpoints that move the same bytes and do nothing else.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private BenchServer(WebApplication application)
    {
        _application = application;
        Address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public Uri Address { get; }

    public static async Task<BenchServer> StartAsync(IReadOnlyDictionary<string, BareEndpoint> bare, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<BenchDoor>();
        var application = builder.Build();
        application.MapGrpcService<BenchDoor>();
        foreach (var (name, endpoint) in bare)
        {
            application.MapPost(BareEndpoint.PathOf(name), endpoint.HandleAsync);
        }

        await application.StartAsync(cancellationToken);
        return new BenchServer(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private sealed class BenchDoor : BenchService.BenchServiceBase
    {
        private volatile BenchMessage _message = new();

        public override Task<BenchMessage> Call(BenchRequest request, ServerCallContext context) => Task.FromResult(MessageOf(request.Size));

        public override async Task Download(BenchRequest request, IServerStreamWriter<BenchMessage> responseStream, ServerCallContext context)
        {
            var message = MessageOf(request.Size);
            for (var i = 0; i < request.Count; i++)
            {
                await responseStream.WriteAsync(message);
            }
        }

        // Made once, as the bytes of the bare endpoint are: what a method makes is not what is measured.
        private BenchMessage MessageOf(int size) =>
            _message.Body.Length == size ? _message : _message = new BenchMessage { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) };
    }
}
