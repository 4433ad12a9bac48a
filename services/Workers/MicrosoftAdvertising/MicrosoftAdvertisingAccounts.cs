using System.Text.Json;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Running;
using Grpc.Core;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>
/// Calls to the ad accounts of one run with the grant of its connection. An access token that is not taken is renewed once; if the
/// next one is not taken either, the grant is refused (MSA-3).
/// </summary>
internal sealed class MicrosoftAdvertisingAccounts(
    MicrosoftAdvertisingClient client, CredentialService.CredentialServiceClient credentials, RunAssignment assignment, MicrosoftAdvertisingCredential first) : IDisposable
{
    private readonly SemaphoreSlim _renewing = new(1);
    private MicrosoftAdvertisingCredential _credential = first;

    public Task<Reply> CallAsync(AudienceKey account, HttpMethod method, Uri address, byte[] body, CancellationToken cancellationToken) =>
        TryAsync(account, headers => client.CallAsync(method, address, headers, body, cancellationToken), cancellationToken);

    /// <summary>Calls, and has the answer to a success read instead of keeping it.</summary>
    public Task<Reply> CallAsync(AudienceKey account, Uri address, byte[] body, Action<JsonElement> read, CancellationToken cancellationToken) =>
        TryAsync(account, headers => client.CallAsync(address, headers, body, read, cancellationToken), cancellationToken);

    /// <summary>Uploads a file.</summary>
    /// <param name="content">Makes the body, once for each attempt.</param>
    public Task<Reply> UploadAsync(AudienceKey account, Uri address, Func<HttpContent> content, CancellationToken cancellationToken) =>
        TryAsync(account, headers => client.UploadAsync(address, headers, content(), cancellationToken), cancellationToken);

    public Task<Fault?> DownloadAsync(Uri address, Stream target, long maxBytes, CancellationToken cancellationToken) =>
        client.DownloadAsync(address, target, maxBytes, cancellationToken);

    public void Dispose() => _renewing.Dispose();

    private async Task<Reply> TryAsync(AudienceKey account, Func<AccountHeaders, Task<Reply>> send, CancellationToken cancellationToken)
    {
        var used = _credential;
        var reply = await send(HeadersOf(used, account));
        if (reply.Fault is not { IsToken: true })
        {
            return reply;
        }

        return await RenewAsync(used, cancellationToken) is { } fault ? new Reply(fault, default) : await send(HeadersOf(_credential, account));
    }

    // Null when there is another token than the one that was used.
    private async Task<Fault?> RenewAsync(MicrosoftAdvertisingCredential used, CancellationToken cancellationToken)
    {
        await _renewing.WaitAsync(cancellationToken);
        try
        {
            if (!ReferenceEquals(_credential, used))
            {
                return null;
            }

            var request = new FetchCredentialRequest { Name = assignment.Export.Connection, Run = assignment.Run, Renew = true };
            _credential = (await credentials.FetchCredentialAsync(request, cancellationToken: cancellationToken)).MicrosoftAdvertising;
            return null;
        }
        catch (RpcException refused) when (!cancellationToken.IsCancellationRequested)
        {
            return refused.IsFinal() ? new Fault(Answer.Unauthorized, Reasons.CredentialUnknown) : Fault.NotReached;
        }
        finally
        {
            _renewing.Release();
        }
    }

    private static AccountHeaders HeadersOf(MicrosoftAdvertisingCredential credential, AudienceKey account) =>
        new(credential.AccessToken, credential.DeveloperToken, account.CustomerId, account.AccountId);
}
