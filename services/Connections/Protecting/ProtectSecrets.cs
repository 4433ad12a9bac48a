using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Connections.Defining;

namespace CustomerInsights.Connections.Protecting;

/// <summary>A decrypted secret.</summary>
/// <param name="ByOldKey">It deserves to be encrypted anew: its key has had its time.</param>
internal readonly record struct OpenedSecret(Secret Secret, bool ByOldKey);

/// <summary>Encrypts secrets for the table and decrypts them. What is encrypted for one connection does not open as another's.</summary>
internal sealed class ProtectSecrets(KeyRing ring)
{
    private const char Separator = '.';

    /// <summary>Text for the column: key id and cipher text. Not inside a transaction, because a key may have to be made.</summary>
    public Task<string> CloseAsync(ConnectionName name, long version, Secret secret, CancellationToken cancellationToken) =>
        CloseAsync(PlaceOf(name, version), secret, cancellationToken);

    /// <summary>As above, for any other place of its own: text that is encrypted for one place does not open as another's.</summary>
    public async Task<string> CloseAsync(string place, Secret secret, CancellationToken cancellationToken)
    {
        var key = await ring.CurrentAsync(cancellationToken);
        var cipher = key.Encryptor!.Encrypt(Encoding.UTF8.GetBytes(secret.Value), BoundTo(place));
        return $"{key.Id:n}{Separator}{Base64Url.EncodeToString(cipher)}";
    }

    /// <summary>The secret of a connection; null when it cannot be decrypted any more.</summary>
    public Task<OpenedSecret?> OpenAsync(Connection connection, CancellationToken cancellationToken) =>
        OpenAsync(PlaceOf(connection.Name, connection.CredentialVersion), connection.Secret, cancellationToken);

    /// <summary>As above, for any other place.</summary>
    public async Task<OpenedSecret?> OpenAsync(string place, string closed, CancellationToken cancellationToken)
    {
        if (closed.Split(Separator) is not [var id, var cipher] || !Guid.TryParseExact(id, "n", out var keyId) || !Base64Url.IsValid(cipher))
        {
            return null;
        }

        var key = await ring.FindAsync(keyId, cancellationToken);
        if (key?.Encryptor is null)
        {
            return null;
        }

        try
        {
            var plain = key.Encryptor.Decrypt(Base64Url.DecodeFromChars(cipher), BoundTo(place));
            var current = await ring.CurrentAsync(cancellationToken);
            return new OpenedSecret(new Secret(Encoding.UTF8.GetString(plain)), ByOldKey: current.Id != key.Id);
        }
        catch (CryptographicException)
        {
            // Damaged, or moved here from another row.
            return null;
        }
    }

    private static string PlaceOf(ConnectionName name, long version) => string.Create(CultureInfo.InvariantCulture, $"{name}#{version}");

    private static ArraySegment<byte> BoundTo(string place) => Encoding.UTF8.GetBytes(place);
}
