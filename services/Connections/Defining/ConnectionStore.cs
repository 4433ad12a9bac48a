using System.Text.Json;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Defining;

/// <summary>The table of connections.</summary>
internal static class ConnectionStore
{
    private const string Columns =
        """
        environment_id, connection_id, type, display_name, host, workspace, document, grant_id, access, secret, credential_version, credential_problem,
        export_user, export_user_groups, export_user_since, export_user_problem, statement_version, agreed_by, agreed_at, created_at, created_by, etag
        """;

    private const string IsNamed = "environment_id = @Environment AND connection_id = @Connection";

    /// <summary>False when the id, the display name or the creator's request id is taken.</summary>
    public static async Task<bool> AddAsync(Transaction transaction, Connection connection, string requestId, string fingerprint) =>
        await transaction.ExecuteAsync(
            $"""
            INSERT INTO connections ({Columns}, display_name_key, request_id, request_fingerprint)
            VALUES (@Environment, @Connection, @Type, @DisplayName, @Host, @Workspace, @Document, @GrantId, @Access, @Secret, @CredentialVersion, @CredentialProblem,
              @ExportUser, @Groups, @Since, @ExportUserProblem, @StatementVersion, @AgreedBy, @AgreedAt, @CreatedAt, @CreatedBy, @Etag,
              @Key, @requestId, @fingerprint)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                connection.Name.Environment,
                connection.Name.Connection,
                connection.Type,
                connection.DisplayName,
                connection.Host,
                connection.Workspace,
                connection.Document,
                connection.GrantId,
                Access = (long)connection.Access,
                connection.Secret,
                connection.CredentialVersion,
                connection.CredentialProblem,
                ExportUser = connection.ExportUser.Principal,
                Groups = JsonSerializer.Serialize(connection.ExportUser.Groups),
                Since = connection.ExportUser.Since.ToMicroseconds(),
                connection.ExportUserProblem,
                connection.Agreement.StatementVersion,
                connection.Agreement.AgreedBy,
                AgreedAt = connection.Agreement.AgreedAt.ToMicroseconds(),
                CreatedAt = connection.CreatedAt.ToMicroseconds(),
                connection.CreatedBy,
                connection.Etag,
                Key = KeyOf(connection.DisplayName),
                requestId = requestId.Length == 0 ? null : requestId,
                fingerprint,
            }) == 1;

    /// <summary>Writes whatever may change. The row exists and is locked by the transaction.</summary>
    public static Task SaveAsync(Transaction transaction, Connection connection) => transaction.ExecuteAsync(
        $"""
        UPDATE connections
        SET display_name = @DisplayName, display_name_key = @Key, host = @Host, workspace = @Workspace, document = @Document, grant_id = @GrantId, access = @Access, secret = @Secret,
          credential_version = @CredentialVersion, credential_problem = @CredentialProblem,
          export_user = @ExportUser, export_user_groups = @Groups, export_user_since = @Since, export_user_problem = @ExportUserProblem, etag = @Etag
        WHERE {IsNamed}
        """,
        new
        {
            connection.Name.Environment,
            connection.Name.Connection,
            connection.DisplayName,
            Key = KeyOf(connection.DisplayName),
            connection.Host,
            connection.Workspace,
            connection.Document,
            connection.GrantId,
            Access = (long)connection.Access,
            connection.Secret,
            connection.CredentialVersion,
            connection.CredentialProblem,
            ExportUser = connection.ExportUser.Principal,
            Groups = JsonSerializer.Serialize(connection.ExportUser.Groups),
            Since = connection.ExportUser.Since.ToMicroseconds(),
            connection.ExportUserProblem,
            connection.Etag,
        });

    public static Task RemoveAsync(Transaction transaction, ConnectionName name) => transaction.ExecuteAsync($"DELETE FROM connections WHERE {IsNamed}", name);

    public static async Task<Connection?> FindAsync(Session session, ConnectionName name) => Read(
        await session.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM connections WHERE {IsNamed}", name));

    /// <summary>As <see cref="FindAsync"/>; nobody else changes the row until the transaction ends.</summary>
    public static async Task<Connection?> LockAsync(Transaction transaction, ConnectionName name) => Read(
        await transaction.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM connections WHERE {IsNamed}{transaction.ForUpdate}", name));

    /// <summary>The connection that an earlier request with this id made, and the fingerprint of that request.</summary>
    public static async Task<(Connection Connection, string Fingerprint)?> FindByRequestAsync(Session session, string environment, string createdBy, string requestId)
    {
        var parameters = new { environment, createdBy, requestId };
        const string Which = "environment_id = @environment AND created_by = @createdBy AND request_id = @requestId";
        var connection = Read(await session.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM connections WHERE {Which}", parameters));
        var fingerprint = await session.QuerySingleOrDefaultAsync<string>($"SELECT request_fingerprint FROM connections WHERE {Which}", parameters);
        return connection is null || fingerprint is null ? null : (connection, fingerprint);
    }

    /// <summary>Whether another connection of the type has the display name already (CON-6).</summary>
    public static async Task<bool> IsDisplayNameTakenAsync(Session session, ConnectionName name, string type, string displayName) => await session.QuerySingleAsync<long>(
        """
        SELECT COUNT(*) FROM connections
        WHERE environment_id = @Environment AND type = @type AND display_name_key = @key AND connection_id <> @Connection
        """,
        new { name.Environment, name.Connection, type, key = KeyOf(displayName) }) > 0;

    /// <summary>Connections of an environment in the byte order of their ids, one more than the page holds.</summary>
    public static async Task<IReadOnlyList<Connection>> ListAsync(Session session, string environment, bool sharedOnly, Paging paging)
    {
        var id = session.InByteOrder("connection_id");
        var rows = await session.QueryAsync<Row>(
            $"""
            SELECT {Columns} FROM connections
            WHERE environment_id = @environment AND {id} > @After AND access >= @least
            ORDER BY {id}
            LIMIT @limit
            """,
            new { environment, paging.After, least = (long)(sharedOnly ? ConnectionAccess.Contributors : ConnectionAccess.Unspecified), limit = paging.Size + 1 });
        return [.. rows.Select(row => Read(row)!)];
    }

    /// <summary>
    /// The connection whose recheck is due first; null when none is. One with a problem is left to people, unless a recheck
    /// recorded it and it can pass by itself.
    /// </summary>
    public static async Task<ConnectionName?> FindDueRecheckAsync(Session session, DateTimeOffset now, TimeSpan interval)
    {
        var row = await session.QuerySingleOrDefaultAsync<NameRow>(
            """
            SELECT environment_id, connection_id FROM connections
            WHERE (recheck_at <= @now OR recheck_at > @latest) AND (recheck_at > 0 OR created_at <= @youngest)
              AND (credential_problem = @none OR (credential_problem <> @revoked AND recheck_found = credential_version || ' ' || credential_problem))
            ORDER BY recheck_at, environment_id, connection_id
            LIMIT 1
            """,
            new
            {
                now = now.ToMicroseconds(),
                latest = (now + interval).ToMicroseconds(),
                youngest = (now - interval).ToMicroseconds(),
                none = Problem.None,
                revoked = Problem.GrantRevoked,
            });
        return row is null ? null : new ConnectionName(row.EnvironmentId, row.ConnectionId);
    }

    /// <summary>Whether the last recheck was refused, and nothing has changed the connection since.</summary>
    public static async Task<bool> IsDoubtedAsync(Transaction transaction, ConnectionName name) =>
        await transaction.QuerySingleAsync<long>($"SELECT COUNT(*) FROM connections WHERE {IsNamed} AND doubted_etag = etag", name) == 1;

    /// <summary>Remembers when a connection is rechecked next.</summary>
    public static Task PutOffRecheckAsync(Transaction transaction, ConnectionName name, DateTimeOffset until) => transaction.ExecuteAsync(
        $"UPDATE connections SET recheck_at = @until WHERE {IsNamed}", new { name.Environment, name.Connection, until = until.ToMicroseconds() });

    /// <summary>Remembers how a recheck ended.</summary>
    /// <param name="isDoubted">It was refused.</param>
    /// <param name="isRecorded">The problem that the connection has is what a recheck found.</param>
    public static Task SaveRecheckAsync(Transaction transaction, ConnectionName name, bool isDoubted, bool isRecorded) => transaction.ExecuteAsync(
        $"""
        UPDATE connections
        SET doubted_etag = {(isDoubted ? "etag" : "''")}, recheck_found = {(isRecorded ? "credential_version || ' ' || credential_problem" : "''")}
        WHERE {IsNamed}
        """,
        name);

    private static string KeyOf(string displayName) => displayName.ToUpperInvariant();

    private static Connection? Read(Row? row) => row is null ? null : new Connection(
        new ConnectionName(row.EnvironmentId, row.ConnectionId),
        row.Type,
        row.DisplayName,
        row.Host,
        (ConnectionAccess)row.Access,
        row.Secret,
        row.CredentialVersion,
        row.CredentialProblem,
        new ExportUser(row.ExportUser, JsonSerializer.Deserialize<string[]>(row.ExportUserGroups) ?? [], Timestamps.FromMicroseconds(row.ExportUserSince)),
        row.ExportUserProblem,
        new Agreement(row.StatementVersion, row.AgreedBy, Timestamps.FromMicroseconds(row.AgreedAt)),
        Timestamps.FromMicroseconds(row.CreatedAt),
        row.CreatedBy,
        row.Etag)
    {
        Workspace = row.Workspace,
        Document = row.Document,
        GrantId = row.GrantId,
    };

    private sealed record Row(
        string EnvironmentId,
        string ConnectionId,
        string Type,
        string DisplayName,
        string Host,
        string Workspace,
        string Document,
        string GrantId,
        int Access,
        string Secret,
        long CredentialVersion,
        string CredentialProblem,
        string ExportUser,
        string ExportUserGroups,
        long ExportUserSince,
        string ExportUserProblem,
        string StatementVersion,
        string AgreedBy,
        long AgreedAt,
        long CreatedAt,
        string CreatedBy,
        string Etag);

    private sealed record NameRow(string EnvironmentId, string ConnectionId);
}
