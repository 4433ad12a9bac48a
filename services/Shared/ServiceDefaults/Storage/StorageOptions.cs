using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>Section "Storage": where a service keeps its tables.</summary>
public sealed class StorageOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Storage";

    /// <value>The engine. Default: a SQLite file.</value>
    public Engine Engine { get; set; } = Engine.Sqlite;

    /// <value>SQLite: the folder of the files, one for each app id; made if missing. Default: ".data".</value>
    public string Directory { get; set; } = ".data";

    /// <value>PostgreSQL: an Npgsql connection string. Its user creates the schema named like the app id.</value>
    public string? ConnectionString { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Engine == Engine.Sqlite && string.IsNullOrWhiteSpace(Directory))
        {
            yield return new ValidationResult("Storage:Directory must name a folder when Storage:Engine is Sqlite.", [nameof(Directory)]);
        }

        if (Engine == Engine.PostgreSql && string.IsNullOrWhiteSpace(ConnectionString))
        {
            yield return new ValidationResult("Storage:ConnectionString must be set when Storage:Engine is PostgreSql.", [nameof(ConnectionString)]);
        }
    }
}
