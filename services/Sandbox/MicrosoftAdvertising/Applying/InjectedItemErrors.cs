using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;

/// <summary>Errors of single items that faults demand, as if the vendor had a reason.</summary>
internal sealed class InjectedItemErrors
{
    private readonly List<ActiveFault> _named = [];
    private readonly Dictionary<int, ActiveFault> _drawn = [];

    /// <param name="rejections">The faults that hit this request.</param>
    /// <param name="items">How many items it has.</param>
    public InjectedItemErrors(IReadOnlyList<ActiveFault> rejections, int items)
    {
        foreach (var fault in rejections)
        {
            if (fault.NamesObjects)
            {
                _named.Add(fault);
                continue;
            }

            // From the drawn place on, the next that is still fine.
            for (var draw = 0; draw < fault.Rule.Objects && _drawn.Count < items; draw++)
            {
                var index = (int)(fault.Draw(draw) * items);
                while (!_drawn.TryAdd(index, fault))
                {
                    index = (index + 1) % items;
                }
            }
        }
    }

    public bool IsEmpty => _named.Count == 0 && _drawn.Count == 0;

    /// <summary>The error of an item, and whether its place is told; null when it is fine.</summary>
    public (int Code, bool Indexed)? Find(int index, ReadOnlySpan<byte> text)
    {
        if (_drawn.TryGetValue(index, out var drawn))
        {
            return Error(drawn);
        }

        foreach (var fault in _named)
        {
            if (fault.Names(text))
            {
                return Error(fault);
            }
        }

        return null;
    }

    private static (int Code, bool Indexed) Error(ActiveFault fault) => (fault.Rule.Code ?? VendorErrors.NeitherEmailNorCrm, fault.Rule.Indexed);
}
