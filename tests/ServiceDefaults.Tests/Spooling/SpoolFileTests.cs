using CustomerInsights.ServiceDefaults.Spooling;

namespace CustomerInsights.ServiceDefaults.Tests.Spooling;

[Parallelizable(ParallelScope.All)]
public sealed class SpoolFileTests
{
    // A process that is killed closes nothing: what has no name by then is gone with it.
    [Test]
    public void A_spool_has_no_name_while_it_is_open()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            using (var spool = SpoolFile.Open(folder.FullName, 64))
            {
                spool.Write(new byte[1_000]);
                Assert.That(folder.EnumerateFiles(), OperatingSystem.IsWindows() ? Is.Not.Empty : Is.Empty);
                spool.Position = 0;
                Assert.That(spool.ReadAtLeast(new byte[1_000], 1_000), Is.EqualTo(1_000));
            }

            Assert.That(folder.EnumerateFiles(), Is.Empty);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
