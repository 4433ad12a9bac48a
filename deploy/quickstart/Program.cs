using CustomerInsights.Quickstart.Running;

return await Commands.Root().Parse(args).InvokeAsync();
