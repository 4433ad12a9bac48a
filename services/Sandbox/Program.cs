using CustomerInsights.Sandbox;

var configuration = new ConfigurationBuilder()
    .AddJsonFile("appsettings.json", optional: true)
    .AddEnvironmentVariables()
    .AddCommandLine(args)
    .Build();

await using var server = await SandboxServer.StartAsync(SandboxOptions.From(configuration));
await server.WaitForShutdownAsync(CancellationToken.None);
return 0;
