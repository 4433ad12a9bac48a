namespace CustomerInsights.Rpc.Balancing;

/// <summary>
/// Sends each request to the next server behind a name, and on to another one when there is no connection: then nothing
/// was sent. The host stays the name, also for the check of the certificate.
/// </summary>
internal sealed class BalancingHandler(HttpMessageHandler inner, ResolvedAddresses addresses) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var method = request.RequestUri!;
        request.Headers.Host ??= method.Authority;
        var servers = await addresses.GetAsync(cancellationToken).ConfigureAwait(false);
        for (var left = servers.Length - 1; ; left--)
        {
            var server = addresses.Next(servers);
            request.RequestUri = server.Of(method);
            try
            {
                var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
                server.NoteReached();
                return response;
            }
            catch (Exception exception) when (StatusMapping.IsConnectFailure(exception) && !cancellationToken.IsCancellationRequested)
            {
                addresses.SetAside(server);
                if (left == 0 || servers.All(other => other.Remaining > TimeSpan.Zero))
                {
                    throw;
                }
            }
        }
    }
}
