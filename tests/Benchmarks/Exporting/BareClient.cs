using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CustomerInsights.Quickstart.Sampling;

namespace CustomerInsights.Benchmarks.Exporting;

/// <summary>
/// The least an export could cost: somebody who has all bodies already posts them, so many at a time, and looks at the
/// status alone. No database, no mapping, no ledger.
/// </summary>
internal sealed class BareClient(Uri address, string key, int inFlight) : IDisposable
{
    private const int ObjectsPerRequest = 75;

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = inFlight }) { BaseAddress = address };

    /// <summary>The bodies that the worker sends for these customers, in its order.</summary>
    public static IReadOnlyList<byte[]> BuildBodies(IEnumerable<SampleCustomer> customers, string identifier) =>
        [.. customers.OrderBy(customer => customer.Id, StringComparer.Ordinal).Chunk(ObjectsPerRequest).Select(chunk => Build(chunk, identifier))];

    /// <summary>Posts all of them. Tells how many requests it took, refused ones included.</summary>
    public async Task<long> PostAsync(IReadOnlyList<byte[]> bodies, CancellationToken cancellationToken)
    {
        var requests = 0L;
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = inFlight, CancellationToken = cancellationToken }, async (body, token) =>
        {
            while (true)
            {
                Interlocked.Increment(ref requests);
                using var response = await SendAsync(body, token);
                if (response.StatusCode != HttpStatusCode.TooManyRequests)
                {
                    response.EnsureSuccessStatusCode();
                    return;
                }

                await Task.Delay(UntilReset(response), token);
            }
        });
        return requests;
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/users/track") { Content = new ByteArrayContent(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await _http.SendAsync(request, cancellationToken);
    }

    private static TimeSpan UntilReset(HttpResponseMessage response)
    {
        var reset = DateTimeOffset.FromUnixTimeSeconds(long.Parse(response.Headers.GetValues("X-RateLimit-Reset").Single(), System.Globalization.CultureInfo.InvariantCulture));
        var wait = reset - TimeProvider.System.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1);
    }

    private static byte[] Build(IEnumerable<SampleCustomer> customers, string identifier)
    {
        using var buffer = new MemoryStream();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("attributes");
        foreach (var customer in customers)
        {
            json.WriteStartObject();
            json.WriteString("external_id", customer.BrazeId);
            json.WriteString("email", customer.Email);
            json.WriteString("country", customer.Country);
            json.WriteString("first_name", customer.FirstName);
            json.WriteString("last_name", customer.LastName);
            json.WriteBoolean(identifier, true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.ToArray();
    }
}
