using CustomerInsights.Reference.Reading;
using CustomerInsights.Reference.Writing;

if (args is not [var set, var table, var folder])
{
    Console.Error.WriteLine("Usage: CustomerInsights.Reference <file descriptor set with source info> <document with the table of events> <folder>");
    return 2;
}

Directory.CreateDirectory(folder);
var packages = Descriptors.Read(File.ReadAllBytes(set));
var pages = Pages.Write(packages);
foreach (var leftover in Directory.EnumerateFiles(folder, "*.md").Where(file => !pages.ContainsKey(Path.GetFileName(file))))
{
    File.Delete(leftover);
}

foreach (var (name, text) in pages)
{
    File.WriteAllText(Path.Combine(folder, name), text);
}

File.WriteAllText(Path.Combine(folder, AsyncApi.Name), AsyncApi.Write(packages, EventTable.Read(File.ReadAllText(table))));
return 0;
