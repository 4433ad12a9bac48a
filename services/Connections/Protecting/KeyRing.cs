using System.Security.Cryptography;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Protecting;

/// <summary>A key of the ring.</summary>
/// <param name="Encryptor">Null when no configured certificate decrypts the key.</param>
internal sealed record RingKey(Guid Id, DateTimeOffset From, DateTimeOffset Until, IAuthenticatedEncryptor? Encryptor);

/// <summary>
/// The keys that encrypt secrets: made and serialised by ASP.NET Data Protection, kept in this service's database, chosen
/// here, because which one is current depends on our clock and on reading from the database without blocking. Replicas
/// share the table; a key that one does not know yet is read again.
/// </summary>
internal sealed class KeyRing(Database database, KeyCertificates certificates, IOptions<ConnectionsOptions> options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile IReadOnlyList<RingKey> _keys = [];

    /// <summary>The key for new secrets; made when there is none, or the last one has had its time. Not inside a transaction.</summary>
    public async Task<RingKey> CurrentAsync(CancellationToken cancellationToken)
    {
        if (FindCurrent() is { } known)
        {
            return known;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            await ReadAsync(cancellationToken);
            if (FindCurrent() is null)
            {
                await AddAsync(cancellationToken);
                await ReadAsync(cancellationToken);
            }

            return FindCurrent() ?? throw new InvalidOperationException("A key that was just made cannot be used.");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The key with this id; null when it does not exist.</summary>
    public async Task<RingKey?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (Find(id) is { } known)
        {
            return known;
        }

        await ReadAllAsync(cancellationToken);
        return Find(id);
    }

    /// <summary>All keys as they are stored now.</summary>
    public async Task<IReadOnlyList<RingKey>> ReadAllAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await ReadAsync(cancellationToken);
            return _keys;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private RingKey? Find(Guid id) => _keys.FirstOrDefault(key => key.Id == id);

    private RingKey? FindCurrent()
    {
        var now = time.GetUtcNow();
        return _keys.Where(key => key.Encryptor is not null && key.From <= now && now < key.Until).MaxBy(key => (key.From, key.Id));
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var stored = await database.ReadAsync(StoredKeys.ReadAsync, cancellationToken);
        await using var manager = Open(stored);
        _keys = [.. manager.GetRequiredService<IKeyManager>().GetAllKeys()
            .Where(key => !key.IsRevoked)
            .Select(key => new RingKey(key.KeyId, key.ActivationDate, key.ExpirationDate, OpenKey(key)))];
    }

    private async Task AddAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var added = StoredKeys.None;
        await using var manager = Open(added);
        manager.GetRequiredService<IKeyManager>().CreateNewKey(now, now + options.Value.KeyLifetime);
        await database.WriteAsync(transaction => added.WriteAddedAsync(transaction, now), cancellationToken);
    }

    private static IAuthenticatedEncryptor? OpenKey(IKey key)
    {
        try
        {
            return key.CreateEncryptor();
        }
        catch (CryptographicException)
        {
            // Another certificate encrypted it: whoever needs the key reports that it is of no use.
            return null;
        }
    }

    // A container of its own: the framework's services would make and read keys on their own account, by their own clock.
    private ServiceProvider Open(StoredKeys keys)
    {
        var services = new ServiceCollection();
        var protection = services.AddLogging().AddDataProtection().SetApplicationName("customerinsights.connections");
        services.Configure<KeyManagementOptions>(management => (management.XmlRepository, management.AutoGenerateKeys) = (keys, false));
        if (certificates.Current is { } certificate)
        {
            protection.ProtectKeysWithCertificate(certificate);
        }

        protection.UnprotectKeysWithAnyCertificate([.. certificates.All]);
        return services.BuildServiceProvider();
    }
}
