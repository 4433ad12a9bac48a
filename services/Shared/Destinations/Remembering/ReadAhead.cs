using System.Runtime.CompilerServices;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>Reads rows by pages, the next one while the last one is worked on.</summary>
internal static class ReadAhead
{
    /// <summary>All pages; the last one may be empty.</summary>
    /// <param name="read">Reads the rows after one, or the first ones after the default.</param>
    /// <param name="limit">Rows of a full page.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async IAsyncEnumerable<IReadOnlyList<T>> PagesAsync<T>(
        Func<T?, CancellationToken, Task<IReadOnlyList<T>>> read, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var next = read(null, cancellationToken);
        try
        {
            while (next is not null)
            {
                var page = await next;
                next = page.Count == limit ? read(page[^1], cancellationToken) : null;
                yield return page;
            }
        }
        finally
        {
            // Whoever has seen enough does not hear of what the next page met.
            await ((Task?)next ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
