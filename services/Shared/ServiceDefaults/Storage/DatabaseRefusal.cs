using Npgsql;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>Tells values that the database refuses, whenever and by whomever they are brought: an encoding, a range, a format.</summary>
internal static class DatabaseRefusal
{
    private const string DataException = "22";

    public static bool Is(Exception exception) => exception is PostgresException refused && refused.SqlState.StartsWith(DataException, StringComparison.Ordinal);
}
