using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Options;
using ConnectionAccess = CustomerInsights.Contracts.Connections.V1.ConnectionAccess;

namespace CustomerInsights.Connections.Tests.Protecting;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
public sealed class KeyRingTests(Engine engine)
{
    private static readonly Secret Key = new("the-key-in-clear");
    private readonly ManualTimeProvider _clock = new();
    private readonly Certificates _certificates = new();
    private readonly List<IDisposable> _owned = [];
    private TestDatabase _test = null!;
    private Database _database = null!;

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task OpenAsync()
    {
        _test = await TestDatabase.CreateAsync(engine, Token);
        _database = await _test.OpenAsync("connections", typeof(ConnectionsApp).Assembly, _clock, Token);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _owned.ForEach(o => o.Dispose());
        await _test.DisposeAsync();
        _certificates.Dispose();
    }

    [Test]
    public async Task Secret_opens_again_here_and_in_another_replica()
    {
        var (one, other) = (Vault(), Vault());
        var connection = Some("braze") with { Secret = await one.Secrets.CloseAsync(Some("braze").Name, 1, Key, Token) };
        Assert.That(connection.Secret, Does.Not.Contain(Key.Value));
        Assert.That(await one.Secrets.OpenAsync(connection, Token), Is.EqualTo(new OpenedSecret(Key, ByOldKey: false)));
        Assert.That(await other.Secrets.OpenAsync(connection, Token), Is.EqualTo(new OpenedSecret(Key, ByOldKey: false)));
    }

    [Test]
    public async Task Equal_secrets_look_different()
    {
        var vault = Vault();
        var first = await vault.Secrets.CloseAsync(Some("braze").Name, 1, Key, Token);
        Assert.That(await vault.Secrets.CloseAsync(Some("braze").Name, 1, Key, Token), Is.Not.EqualTo(first));
    }

    [Test]
    public async Task Many_at_once_make_one_key()
    {
        var vault = Vault();
        var keys = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => vault.Ring.CurrentAsync(Token)));
        Assert.That(keys.Select(k => k.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Key_stops_encrypting_after_its_lifetime_and_goes_on_decrypting()
    {
        var vault = Vault();
        var old = Some("braze") with { Secret = await vault.Secrets.CloseAsync(Some("braze").Name, 1, Key, Token) };
        _clock.Advance(TimeSpan.FromDays(89));
        await vault.Ring.CurrentAsync(Token);
        Assert.That(await CountAsync(), Is.EqualTo(1));
        _clock.Advance(TimeSpan.FromDays(1));
        var renewed = await vault.Secrets.CloseAsync(old.Name, 1, Key, Token);
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(renewed[..32], Is.Not.EqualTo(old.Secret[..32]), "another key");
            Assert.That(await CountAsync(), Is.EqualTo(2));
            Assert.That(await vault.Secrets.OpenAsync(old, Token), Is.EqualTo(new OpenedSecret(Key, ByOldKey: true)));
            Assert.That(await Vault().Secrets.OpenAsync(old with { Secret = renewed }, Token), Is.EqualTo(new OpenedSecret(Key, ByOldKey: false)));
        });
    }

    [Test]
    public async Task Secret_opens_for_its_connection_and_version_only()
    {
        var vault = Vault();
        var connection = Some("braze") with { Secret = await vault.Secrets.CloseAsync(Some("braze").Name, 1, Key, Token) };
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await vault.Secrets.OpenAsync(connection with { Name = Some("other").Name }, Token), Is.Null);
            Assert.That(await vault.Secrets.OpenAsync(connection with { CredentialVersion = 2 }, Token), Is.Null);
        });
    }

    [TestCase("")]
    [TestCase("nonsense")]
    [TestCase("00000000000000000000000000000000.AAAA")]
    [TestCase("{0}.")]
    [TestCase("{0}.AAAA")]
    [TestCase("{0}.!!!!")]
    public async Task Damaged_secret_is_null_and_nothing_worse(string text)
    {
        var vault = Vault();
        var key = await vault.Ring.CurrentAsync(Token);
        var damaged = Some("braze") with { Secret = text.Replace("{0}", key.Id.ToString("n"), StringComparison.Ordinal) };
        Assert.That(await vault.Secrets.OpenAsync(damaged, Token), Is.Null);
    }

    [Test]
    public async Task Keys_lie_encrypted_when_there_is_a_certificate()
    {
        await Vault(new KeyProtectionOptions { CertificatePath = _certificates.Pfx("first"), PasswordFile = _certificates.PasswordFile }).Ring.CurrentAsync(Token);
        var xml = await XmlAsync();
        Assert.That(xml, Does.Contain("EncryptedData").And.Not.Contain("masterKey>\n").And.Not.Contain("<value>"));
    }

    [Test]
    public async Task Keys_lie_in_clear_without()
    {
        await Vault().Ring.CurrentAsync(Token);
        Assert.That(await XmlAsync(), Does.Contain("<value>"), "which is why a start without certificate is for development only");
    }

    [Test]
    public async Task Replaced_certificate_still_opens_what_it_closed()
    {
        var (first, second) = (_certificates.Pfx("first"), _certificates.Pem("second"));
        var before = Vault(new KeyProtectionOptions { CertificatePath = first, PasswordFile = _certificates.PasswordFile });
        var connection = Some("braze") with { Secret = await before.Secrets.CloseAsync(Some("braze").Name, 1, Key, Token) };

        var without = Vault(new KeyProtectionOptions { CertificatePath = second.Certificate, KeyPath = second.Key });
        Assert.That(await without.Secrets.OpenAsync(connection, Token), Is.Null);
        Assert.That((await without.Ring.ReadAllAsync(Token)).Count(k => k.Encryptor is null), Is.EqualTo(1));
        Assert.That((await without.Ring.CurrentAsync(Token)).Encryptor, Is.Not.Null, "new secrets get a key that can be read");

        var after = Vault(new KeyProtectionOptions
        {
            CertificatePath = second.Certificate,
            KeyPath = second.Key,
            Previous = [new PreviousCertificate { CertificatePath = first, PasswordFile = _certificates.PasswordFile }],
        });
        Assert.That((await after.Secrets.OpenAsync(connection, Token))?.Secret, Is.EqualTo(Key));
    }

    // Said so in docs/operations/secrets.md. What is at rest has no connection whose other end could be somebody else.
    [Test]
    public async Task Expiry_of_the_certificate_stops_nothing()
    {
        var (certificate, key) = _certificates.Pem("expired", years: 1);
        var protection = new KeyProtectionOptions { CertificatePath = certificate, KeyPath = key };
        var connection = Some("braze") with { Secret = await Vault(protection).Secrets.CloseAsync(Some("braze").Name, 1, Key, Token) };
        Assert.That(KeyCertificates.FindProblems(protection), Is.Empty, "the process starts");
        Assert.That(await XmlAsync(), Does.Contain("EncryptedData"));
        Assert.That((await Vault(protection).Secrets.OpenAsync(connection, Token))?.Secret, Is.EqualTo(Key));
    }

    private (KeyRing Ring, ProtectSecrets Secrets) Vault(KeyProtectionOptions? protection = null)
    {
        var options = Options.Create(new ConnectionsOptions { KeyProtection = protection ?? new KeyProtectionOptions() });
        var certificates = new KeyCertificates(options);
        var ring = new KeyRing(_database, certificates, options, _clock);
        _owned.AddRange([ring, certificates]);
        return (ring, new ProtectSecrets(ring));
    }

    private Task<long> CountAsync() => _database.ReadAsync(s => s.QuerySingleAsync<long>("SELECT COUNT(*) FROM protection_keys"), Token);

    private Task<string> XmlAsync() => _database.ReadAsync(s => s.QuerySingleAsync<string>("SELECT xml FROM protection_keys"), Token);

    private static Connection Some(string id) => new(
        new ConnectionName("contoso", id), "braze", "Braze", "rest.iad-03.braze.com", ConnectionAccess.Administrators, "", 1, Problem.None,
        new ExportUser("user:ada", [], DateTimeOffset.UnixEpoch), Problem.None, new Agreement("2026-11", "user:ada", DateTimeOffset.UnixEpoch), DateTimeOffset.UnixEpoch, "user:ada", "e");
}
