using CustomerInsights.Benchmarks;

return await BenchmarkCommand.Create().Parse(args).InvokeAsync();
