using CustomerInsights.Reference.Reading;
using CustomerInsights.Reference.Writing;

if (args is not [var set, var folder])
{
    Console.Error.WriteLine("Usage: CustomerInsights.Reference <file descriptor set with source info> <folder>");
    return 2;
}

Directory.CreateDirectory(folder);
var pages = Pages.Write(Descriptors.Read(File.ReadAllBytes(set)));
foreach (var leftover in Directory.EnumerateFiles(folder, "*.md").Where(file => !pages.ContainsKey(Path.GetFileName(file))))
{
    File.Delete(leftover);
}

foreach (var (name, text) in pages)
{
    File.WriteAllText(Path.Combine(folder, name), text);
}

return 0;
