using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Every call passes here: no method without a stated requirement, nobody without a token, no environment without a role.</summary>
internal sealed class CallerDoor(MethodRequirements requirements, TokenVerifier tokens, IRoleDirectory roles) : Interceptor
{
    private static readonly Refusal NotDeclared = new(RefusalKind.PermissionDenied, "The method does not state who may call it, so nobody may.") { Reason = "METHOD_NOT_DECLARED" };
    private static readonly Refusal ForServices = new(RefusalKind.PermissionDenied, "Only certain processes of this system may call the method.") { Reason = "SERVICE_ONLY" };
    private static readonly Refusal ForPlatformAdministrators = new(RefusalKind.PermissionDenied, "Only a platform administrator may call the method.") { Reason = "PLATFORM_ADMINISTRATOR_REQUIRED" };

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync((await IdentifyAsync(context)).OrThrow(), request, context);
        return await continuation(request, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync((await IdentifyAsync(context)).OrThrow(), request, context);
        await continuation(request, responseStream, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        await continuation(await AdmitAsync(requestStream, context), context);

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        await continuation(await AdmitAsync(requestStream, context), responseStream, context);

    // The first message of a stream names the environment, so it is read here and given to the handler afterwards.
    private async Task<IAsyncStreamReader<TRequest>> AdmitAsync<TRequest>(IAsyncStreamReader<TRequest> stream, ServerCallContext context)
        where TRequest : class
    {
        var requirement = (await IdentifyAsync(context)).OrThrow();
        if (requirement.Resource is null)
        {
            await AdmitAsync(requirement, null, context);
            return stream;
        }

        var first = await stream.MoveNext(context.CancellationToken) ? stream.Current : null;
        await AdmitAsync(requirement, first, context);
        return new ReopenedStream<TRequest>(first!, stream);
    }

    /// <summary>The requirement of the method; the caller goes into the context.</summary>
    private async Task<Result<MethodRequirement>> IdentifyAsync(ServerCallContext context)
    {
        if (requirements.Find(context.Method) is not { } requirement)
        {
            return NotDeclared;
        }

        var verified = await tokens.VerifyAsync(context.RequestHeaders.GetValue("authorization"), context.CancellationToken);
        if (verified.Refusal is { } refusal)
        {
            return refusal;
        }

        context.UserState[typeof(Caller)] = verified.Value;
        return requirement;
    }

    private async Task AdmitAsync(MethodRequirement requirement, object? request, ServerCallContext context)
    {
        var environment = requirement.Resource is not { } resource ? ""
            : request is IMessage message ? resource.EnvironmentOf(message).OrThrow()
            : throw Refusal.Invalid(resource.Path, "is required; the stream was empty.").ToRpcException();
        if (await RefuseAsync(requirement, Caller.Of(context), environment, context.CancellationToken) is { } refusal)
        {
            throw refusal.ToRpcException();
        }
    }

    private async Task<Refusal?> RefuseAsync(MethodRequirement requirement, Caller caller, string environment, CancellationToken cancellationToken)
    {
        if (requirement.AnyCaller || (caller.Service is { } appId && requirement.Admits(appId)))
        {
            return null;
        }

        if (requirement.PlatformAdministrator)
        {
            return caller.IsPlatformAdministrator ? null : ForPlatformAdministrators;
        }

        if (requirement.Role is not { } needed)
        {
            return ForServices;
        }

        // Processes of this system have no roles. An environment that does not exist looks like one without a right.
        var role = caller.Service is null ? await roles.GetRoleAsync(environment, caller, cancellationToken) : null;
        return (role ?? Role.Unspecified) >= needed ? null : RoleDecisions.Denied(needed);
    }
}
