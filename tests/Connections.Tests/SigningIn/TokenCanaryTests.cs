using System.Collections.Concurrent;
using System.Diagnostics;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.SigningIn;

/// <summary>Walks every path that a token takes and looks for what was issued everywhere.</summary>
[NonParallelizable]
internal sealed class TokenCanaryTests(Engine engine) : AdvertisingFixture(engine)
{
    private readonly Engine _engine = engine;
    private readonly List<string> _secrets = [ScriptedPlatform.ClientSecret, ScriptedPlatform.DeveloperToken, "canary-error-text"];
    private readonly List<string> _answers = [];

    [Test]
    public async Task No_token_code_state_or_secret_appears_in_any_log_trace_table_event_or_error()
    {
        var traces = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => traces.Enqueue(CanaryTests.Describe(activity)),
        };
        ActivitySource.AddActivityListener(listener);
        await WalkAsync();

        _secrets.AddRange(Platform.Issued);
        _secrets.AddRange(Platform.TokenRequests.SelectMany(form => form.Where(field => field.Key == "code_verifier").Select(field => field.Value)));
        var places = new Dictionary<string, string>
        {
            ["logs"] = string.Join('\n', Harness.Logs.Records), ["traces"] = string.Join('\n', traces), ["answers"] = string.Join('\n', _answers),
            ["tables"] = await StoredText.DumpAsync(Harness.Database, _engine, Token),
        };
        Assert.Multiple(() =>
        {
            Assert.That(_secrets, Has.Count.GreaterThan(10));
            Assert.That(places["tables"], Does.Contain("CREDENTIAL_READ").And.Contain("grants: "), "the dump sees what is there");
            foreach (var (place, text) in places)
            {
                foreach (var secret in _secrets.Where(secret => text.Contains(secret, StringComparison.Ordinal)))
                {
                    Assert.Fail($"{place}: {secret[..Math.Min(14, secret.Length)]}… in {text.Split('\n').First(line => line.Contains(secret, StringComparison.Ordinal))}");
                }
            }
        });
    }

    private async Task WalkAsync()
    {
        var begun = await Scene.BeginAsync();
        using var browser = new TestBrowser();
        var asked = await browser.FollowAsync(begun.SignInUri, Token);
        using var page = await browser.ReturnAsync(asked, Token, ("code", Platform.Consent(asked["code_challenge"])));
        _secrets.AddRange([begun.SignInUri.Split('/')[^1], asked["state"]]);
        _answers.Add(await page.Content.ReadAsStringAsync(Token));
        _answers.Add((await Scene.Client.CreateConnectionAsync(Scene.Request(begun))).ToString());
        await Scene.Worker.FetchCredentialAsync(Scene.Fetch());
        Platform.After = () => new Dropped();
        await NoteAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch(renew: true)));
        Platform.After = () => null;
        Platform.Before = _ => ScriptedPlatform.Error("temporarily_unavailable", status: 503);
        await NoteAsync(Scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = Scene.Name }));
        Platform.Before = _ => null;
        Platform.Revoke();
        await NoteAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch(renew: true)));
        _answers.Add((await Scene.ConnectionAsync()).ToString());
    }

    private async Task NoteAsync<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            await call;
        }
        catch (RpcException refused)
        {
            _answers.Add($"{refused} {string.Join(' ', refused.Trailers.Select(t => t.IsBinary ? System.Text.Encoding.Latin1.GetString(t.ValueBytes) : t.Value))}");
        }
    }
}
