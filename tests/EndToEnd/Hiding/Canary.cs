using System.Text;

namespace CustomerInsights.EndToEnd.Hiding;

/// <summary>Words that stand for what must not get out, each unmistakable wherever it turns up.</summary>
internal sealed class Canary(string mark)
{
    private readonly List<string> _found = [];
    private int _searched;

    public string Mark => mark;

    public string Address => $"canary.address.{mark}@example.com";

    public string BrokenAddress => $"canary address {mark} at example";

    public string FirstName => $"Canaryfirst{mark}";

    public string LastName => $"Canarylast{mark}";

    public string City => $"Canarycity{mark}";

    public string ApiKey => $"canary-api-key-{mark}";

    /// <summary>Where a word was found: the place and some text around it.</summary>
    public IReadOnlyList<string> Found => _found;

    /// <summary>How many texts were searched: a search of nothing proves nothing.</summary>
    public int Searched => _searched;

    public void Search(string place, ReadOnlySpan<byte> bytes) => Search(place, Encoding.Latin1.GetString(bytes));

    public void Search(string place, string text)
    {
        _searched++;
        foreach (var word in new[] { $"canary.address.{mark}", $"canary address {mark}", FirstName, LastName, City, ApiKey })
        {
            var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase);
            if (at >= 0)
            {
                _found.Add($"{place}: …{text[Math.Max(0, at - 120)..Math.Min(text.Length, at + 160)]}…");
            }
        }
    }
}
