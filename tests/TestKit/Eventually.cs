using System.Diagnostics;

namespace CustomerInsights.TestKit;

/// <summary>Waits for what another thread or process is about to do: polls, and fails with a message when it never does.</summary>
public static class Eventually
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until the condition holds.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="expectation">What should happen, as a sentence; the message of the failure.</param>
    public static Task TrueAsync(Func<bool> condition, string expectation, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        TrueAsync(() => Task.FromResult(condition()), expectation, timeout, cancellationToken);

    /// <summary>Waits until the condition holds.</summary>
    public static async Task TrueAsync(
        Func<Task<bool>> condition, string expectation, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (timeout ?? DefaultTimeout))
            {
                throw new TimeoutException($"Expected within {(timeout ?? DefaultTimeout).TotalSeconds:0.#} s, but it did not happen: {expectation}");
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <summary>Waits until there is a value.</summary>
    public static async Task<T> ValueAsync<T>(
        Func<Task<T?>> read, string expectation, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : class
    {
        T? value = null;
        await TrueAsync(async () => (value = await read()) is not null, expectation, timeout, cancellationToken);
        return value!;
    }

    /// <summary>Waits for a task that should end soon, and returns its result.</summary>
    public static async Task<T> EndsAsync<T>(Task<T> task, string expectation, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        await TrueAsync(() => task.IsCompleted, expectation, timeout, cancellationToken);
        return await task;
    }

    /// <summary>Waits for a task that should end soon.</summary>
    public static async Task EndsAsync(Task task, string expectation, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        await TrueAsync(() => task.IsCompleted, expectation, timeout, cancellationToken);
        await task;
    }
}
