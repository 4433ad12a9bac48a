using CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Destinations.Contract;

/// <summary>It leaks nothing: no address, no name, no secret, whatever goes wrong (lessons 2.4).</summary>
public abstract partial class DestinationContract
{
    [Test]
    public async Task Addresses_names_and_secrets_appear_in_no_log_report_or_table()
    {
        var customers = Customer.Many(12);
        Stage.Put([.. customers, Customer.One(20) with { Email = "" }, Customer.One(21) with { Key = "k000" }]);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[3].Key), Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRowUnnamed, Key: customers[8].Key), Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Unavailable, Count: 1), Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.DroppedAfter, Count: 1), Token);
        await DeliverAsync(new RunCounts { Read = 14, Added = 10, Skipped = 1, Duplicates = 1, Rejected = 2 });
        await Vendor.HealAsync(Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Unauthorized), Token);
        Stage.Put(Customer.One(30));
        Assert.That((await Stage.RunAsync(Token)).State, Is.EqualTo(RunState.Failed));

        string[] secrets = [.. customers.Select(Vendor.AddressOf), .. customers.Select(c => c.Name), Vendor.Secret];
        var places = new Dictionary<string, string>
        {
            ["logs"] = string.Join('\n', Stage.Worker.Logs.Records),
            ["reports"] = Stage.Exports.Texts,
            ["refused credentials"] = string.Join('\n', Stage.Connections.Refused),
            ["tables"] = await DumpTablesAsync(),
        };
        Assert.That(places["tables"], Does.Contain(Vendor.StoredKeyOf(customers[0])), "the tables are really read");
        Assert.That(places.Where(place => secrets.Any(secret => place.Value.Contains(secret, StringComparison.OrdinalIgnoreCase))).Select(place => place.Key), Is.Empty);
    }

    private Task<string> DumpTablesAsync() => Stage.Worker.Database.ReadAsync(
        async session =>
        {
            var tables = await session.QueryAsync<string>(session.Engine == ServiceDefaults.Storage.Engine.Sqlite
                ? "SELECT name FROM sqlite_schema WHERE type = 'table'"
                : "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()");
            var text = new System.Text.StringBuilder();
            foreach (var table in tables)
            {
                foreach (var row in await session.QueryAsync<dynamic>($"SELECT * FROM {ServiceDefaults.Storage.Identifier.Quote(table)}"))
                {
                    foreach (var (_, value) in (IDictionary<string, object?>)row)
                    {
                        text.Append(value is byte[] bytes ? System.Text.Encoding.Latin1.GetString(bytes) : value).Append('\n');
                    }
                }
            }

            return text.ToString();
        },
        Token);
}
