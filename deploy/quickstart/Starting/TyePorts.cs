using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace CustomerInsights.Quickstart.Starting;

/// <summary>The ports of tye.yaml: "segments/grpc" and so on.</summary>
internal static class TyePorts
{
    public static IReadOnlyDictionary<string, int> Read()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(Path.Combine(Repository.Root, "tye.yaml"))));
        var services = (YamlSequenceNode)((YamlMappingNode)yaml.Documents[0].RootNode)["services"];
        return (from service in services.OfType<YamlMappingNode>()
                where service.Children.ContainsKey("project")
                from binding in ((YamlSequenceNode)service["bindings"]).OfType<YamlMappingNode>()
                select (Name: $"{service["name"]}/{binding["name"]}", Port: int.Parse(binding["port"].ToString(), CultureInfo.InvariantCulture)))
            .ToDictionary(pair => pair.Name, pair => pair.Port);
    }
}
