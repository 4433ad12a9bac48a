using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.ServiceDefaults.Tests.Storage;

public sealed class SqliteFileTests
{
    [Test]
    public async Task Nobody_else_on_the_machine_can_read_what_is_stored()
    {
        var parent = Directory.CreateTempSubdirectory("sqlite").FullName;
        var folder = Path.Combine(parent, "data");
        try
        {
            await using var database = Database.Open(new StorageOptions { Directory = folder }, "app", typeof(Database).Assembly, TimeProvider.System);
            await database.MigrateAsync(CancellationToken.None);
            Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Does.Contain("app.db").And.Contain("app.db-wal"));
            Assert.That(OperatingSystem.IsWindows(), Is.False, "Windows has no such modes");
            if (!OperatingSystem.IsWindows())
            {
                Assert.That(File.GetUnixFileMode(folder), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
                Assert.That(Directory.GetFiles(folder).Select(File.GetUnixFileMode), Is.All.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
            }
        }
        finally
        {
            Directory.Delete(parent, recursive: true);
        }
    }
}
