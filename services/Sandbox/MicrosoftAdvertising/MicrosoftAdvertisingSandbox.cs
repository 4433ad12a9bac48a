using System.Collections.Concurrent;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;
using CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>The whole stand-in of Microsoft Advertising: who exists, which lists, and everything that decides or records what happens to them.</summary>
internal sealed class MicrosoftAdvertisingSandbox
{
    private const int JournalEntries = 100_000;
    private const long JournalBytes = 128L * 1024 * 1024;
    private static readonly TimeSpan CallWindow = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan UploadWindow = TimeSpan.FromMinutes(15);
    private readonly ulong _seed;
    private readonly ConcurrentDictionary<long, AdAccount> _accounts;
    private readonly ConcurrentDictionary<string, AdUser> _users;
    private readonly SlidingWindows _calls = new(CallWindow);
    private readonly SlidingWindows _uploads = new(UploadWindow);

    public MicrosoftAdvertisingSandbox(MicrosoftAdvertisingOptions options, ulong seed, TimeProvider time)
    {
        Options = options;
        Time = time;
        _seed = seed;
        _accounts = new(options.Accounts.ToDictionary(a => a.AccountId));
        _users = new(options.Users.ToDictionary(u => u.UserName), StringComparer.OrdinalIgnoreCase);
        Secrets = new SeededSecrets(seed);
        Grants = new GrantStore(Secrets);
        Uploads = new UploadStore(Secrets);
        Faults = new FaultPlan(seed);
    }

    public MicrosoftAdvertisingOptions Options { get; }

    public TimeProvider Time { get; }

    /// <summary>Held around every use of <see cref="Lists"/>.</summary>
    public Lock Gate { get; } = new();

    public SeededSecrets Secrets { get; }

    public GrantStore Grants { get; }

    public ListStore Lists { get; private set; } = new();

    public UploadStore Uploads { get; private set; }

    public Journal<MicrosoftAdvertisingEntry> Journal { get; } = new(JournalEntries, JournalBytes, static e => e.Weight);

    public FaultPlan Faults { get; private set; }

    public MicrosoftAdvertisingCounters Counters { get; private set; } = new();

    public MicrosoftAdvertisingSettings Settings { get; set; } = new();

    public IReadOnlyList<AdAccount> Accounts => [.. _accounts.Values.OrderBy(a => a.AccountId)];

    public IReadOnlyList<AdUser> Users => [.. _users.Values.OrderBy(u => u.UserId)];

    public AdAccount? FindAccount(long id) => _accounts.GetValueOrDefault(id);

    public AdUser? FindUser(string name) => _users.GetValueOrDefault(name);

    public void Define(AdAccount account) => _accounts[account.AccountId] = account;

    public void Define(AdUser user) => _users[user.UserName] = user;

    /// <summary>False when the customer has made too many calls.</summary>
    public bool TakeCall(long customerId, DateTimeOffset now) => _calls.Take(customerId, Settings.CallsPerMinute, now);

    /// <summary>False when the account has asked for too many uploads.</summary>
    public bool TakeUpload(long accountId, DateTimeOffset now) => _uploads.Take(accountId, Settings.UploadsPerQuarterHour, now);

    /// <summary>Lets take effect whatever uploaded file is due by now, in the order in which they became due.</summary>
    public void Settle()
    {
        var now = Time.GetUtcNow();
        Uploads.Settle(now, upload => ProcessUpload.Run(this, upload));
    }

    /// <summary>Forgets lists, uploads, journal, faults and counters; keeps accounts, users, settings and grants.</summary>
    public void Reset()
    {
        lock (Gate)
        {
            Lists = new ListStore();
            Counters = new MicrosoftAdvertisingCounters();
        }

        Uploads = new UploadStore(Secrets);
        Journal.Clear();
        Faults = new FaultPlan(_seed);
        _calls.Clear();
        _uploads.Clear();
    }
}
