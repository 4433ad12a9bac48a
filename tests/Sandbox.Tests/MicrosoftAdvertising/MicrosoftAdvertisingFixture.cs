using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.TestKit;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>A running sandbox of its own for each test, with a clock that stands still and a user signed in.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
public abstract class MicrosoftAdvertisingFixture
{
    protected const string RedirectUri = "http://127.0.0.1:9/callback";
    protected const string Verifier = "a-verifier-that-is-long-enough-to-be-taken-43";
    protected const string Header = "Type,Status,Id,Parent Id,Client Id,Modified Time,Name,Description,Scope,Audience,Action Type,Accept Customer Match Term,Membership Duration,Sub Type,Text\r\nFormat Version,,,,,,6.0,,,,,,,,\r\n";

    protected ManualTimeProvider Clock { get; } = new();

    protected SandboxServer Server { get; private set; } = null!;

    protected HttpClient Client { get; private set; } = null!;

    internal MicrosoftAdvertisingControl Control { get; private set; } = null!;

    /// <summary>What is sent as the access token.</summary>
    protected string AccessToken { get; set; } = "";

    protected string DeveloperToken { get; set; } = MicrosoftAdvertisingOptions.DefaultDeveloperToken;

    protected string? CustomerId { get; set; } = "1000001";

    protected string? AccountId { get; set; } = "2000001";

    protected static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    protected virtual MicrosoftAdvertisingOptions Options => new();

    [SetUp]
    public async Task StartAsync()
    {
        Server = await SandboxServer.StartAsync(new SandboxOptions { Time = Clock, Seed = 7, MicrosoftAdvertising = Options }, Token);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Server.Address, Timeout = TimeSpan.FromSeconds(30) };
        Control = new MicrosoftAdvertisingControl(Server.Address);
        AccessToken = (await Control.GrantAsync(Token)).AccessToken;
    }

    [TearDown]
    public async Task StopAsync()
    {
        Control.Dispose();
        Client.Dispose();
        await Server.DisposeAsync();
    }

    protected static string Hash(int number) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"person{number}@example.com"))));

    protected static string Hashes(params int[] numbers) => string.Join(',', numbers.Select(n => $"'{Hash(n)}'"));

    protected static string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    /// <summary>Sends single-quoted JSON to an operation of Campaign Management.</summary>
    protected Task<Answer> CampaignAsync(HttpMethod method, string path, string body) => SendAsync(method, "CampaignManagement/v13/" + path, body);

    protected Task<Answer> BulkAsync(string path, string body) => SendAsync(HttpMethod.Post, "Bulk/v13/" + path, body);

    protected Task<Answer> CustomerAsync(string path, string body) => SendAsync(HttpMethod.Post, "CustomerManagement/v13/" + path, body);

    protected Task<Answer> ApplyAsync(long listId, string action, string items, string terms = "", string subType = "Email") =>
        CampaignAsync(HttpMethod.Post, "CustomerListUserData/Apply", $"{{'CustomerListUserData':{{{terms}'ActionType':'{action}','AudienceId':'{listId}','CustomerListItemSubType':'{subType}','CustomerListItems':[{items}]}}}}");

    /// <summary>A new list, through the vendor's API.</summary>
    protected async Task<long> AddListAsync(string name = "VIP", string more = "")
    {
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences", $"{{'Audiences':[{{'Type':'CustomerList','Name':'{name}'{more}}}]}}");
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        return long.Parse((string)answer.Json["AudienceIds"]![0]!, CultureInfo.InvariantCulture);
    }

    protected async Task<Answer> SendAsync(HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body.Replace('\'', '"'), new MediaTypeHeaderValue("application/json")) };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {AccessToken}");
        request.Headers.Add("DeveloperToken", DeveloperToken);
        if (CustomerId is not null)
        {
            request.Headers.Add("CustomerId", CustomerId);
        }

        if (AccountId is not null)
        {
            request.Headers.Add("CustomerAccountId", AccountId);
        }

        return await SendAsync(request);
    }

    protected async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Client.SendAsync(request, Token);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(Token), response.Headers.Location, response.Headers.TryGetValues("TrackingId", out var ids) ? ids.Single() : null);
    }

    /// <summary>Asks for an upload address.</summary>
    protected async Task<(string RequestId, string Address)> UploadUrlAsync(string mode = "ErrorsOnly")
    {
        var answer = await BulkAsync("BulkUploadUrl/Query", $"{{'ResponseMode':'{mode}','AccountId':'{AccountId}'}}");
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        return ((string)answer.Json["RequestId"]!, (string)answer.Json["UploadUrl"]!);
    }

    protected Task<Answer> UploadAsync(string address, string rows, string name = "upload.zip") =>
        UploadAsync(address, (name, name.EndsWith(".zip", StringComparison.Ordinal) ? Zip(("rows.csv", rows)) : Encoding.UTF8.GetBytes(rows)));

    protected async Task<Answer> UploadAsync(string address, params (string Name, byte[] Bytes)[] files)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (name, bytes) in files)
        {
            form.Add(new ByteArrayContent(bytes), "payload", name);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = form };
        request.Headers.Add("AuthenticationToken", AccessToken);
        request.Headers.Add("DeveloperToken", DeveloperToken);
        request.Headers.Add("CustomerId", CustomerId);
        request.Headers.Add("AccountId", AccountId);
        request.Headers.Add("CustomerAccountId", AccountId);
        return await SendAsync(request);
    }

    protected async Task<JsonNode> StatusAsync(string requestId)
    {
        var answer = await BulkAsync("BulkUploadStatus/Query", $"{{'RequestId':'{requestId}'}}");
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        return answer.Json;
    }

    /// <summary>Uploads rows and returns the status, and the rows of the result by column name.</summary>
    protected async Task<(JsonNode Status, List<Dictionary<string, string>> Rows)> UploadAllAsync(string rows, string mode = "ErrorsOnly")
    {
        var (requestId, address) = await UploadUrlAsync(mode);
        var sent = await UploadAsync(address, rows);
        Assert.That(sent.Status, Is.EqualTo(200), sent.Text);
        var status = await StatusAsync(requestId);
        return (status, (string?)status["ResultFileUrl"] is { } result ? Rows(await Client.GetByteArrayAsync(result, Token)) : []);
    }

    protected static List<Dictionary<string, string>> Rows(byte[] zipped)
    {
        using var archive = new ZipArchive(new MemoryStream(zipped));
        using var reader = new StreamReader(archive.Entries.Single().Open());
        var lines = reader.ReadToEnd().Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(',')).ToList();
        return [.. lines.Skip(2).Select(l => lines[0].Zip(l).ToDictionary(p => p.First, p => p.Second))];
    }

    protected static byte[] Zip(params (string Name, string Text)[] files)
    {
        using var zipped = new MemoryStream();
        using (var archive = new ZipArchive(zipped, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var writer = new StreamWriter(archive.CreateEntry(name).Open(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
                writer.Write(text);
            }
        }

        return zipped.ToArray();
    }

    protected static string ListRow(long id, string action, string term = "", string name = "", string duration = "", string status = "") =>
        $"Customer List,{status},{id},,list-1,,,,,{name},{action},{term},{duration},,\r\n";

    protected static string ItemRow(long parent, string clientId, string text, string subType = "Email") =>
        $"Customer List Item,,,{parent},{clientId},,,,,,,,,{subType},{text}\r\n";

    protected static string ItemRows(long parent, params int[] numbers) => string.Concat(numbers.Select(n => ItemRow(parent, $"row-{n}", Hash(n))));

    protected async Task<List<string>> MembersAsync(long listId) => await Control.MembersAsync(listId, Token).ToListAsync(Token);

    protected static IEnumerable<string> Sorted(params int[] numbers) => numbers.Select(Hash).Order(StringComparer.Ordinal);

    protected async Task<List<MicrosoftAdvertisingRecord>> JournalAsync() => await Control.JournalAsync(0, Token).ToListAsync(Token);

    protected static IEnumerable<int> Codes(Answer answer) =>
        new[] { "Errors", "OperationErrors", "PartialErrors" }.SelectMany(m => answer.Json[m]?.AsArray() ?? []).Select(e => (int)e!["Code"]!);

    protected sealed record Answer(int Status, string Text, Uri? Location, string? TrackingId)
    {
        public JsonNode Json => JsonNode.Parse(Text)!;
    }
}
