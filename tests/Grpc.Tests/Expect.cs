using Grpc.Core;

namespace CustomerInsights.Rpc.Tests;

internal static class Expect
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until the condition holds.</summary>
    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.That(TimeProvider.System.GetElapsedTime(start), Is.LessThan(Patience), "The condition still doesn't hold.");
            await Task.Delay(LookAgainAfter);
        }
    }

    /// <summary>How the call fails; a call that doesn't is an error.</summary>
    public static async Task<RpcException> FailureAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (RpcException exception)
        {
            return exception;
        }

        throw new AssertionException("The call should have failed.");
    }

    public static async Task<StatusCode> StatusAsync(Func<Task> call) => (await FailureAsync(call)).StatusCode;

    /// <summary>Waits until the condition holds; the token ends the wait with a failure.</summary>
    public static async Task SoonAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (!condition())
        {
            await Task.Delay(10, cancellationToken);
        }
    }

    /// <summary>The exception of an action, or null.</summary>
    public static async Task<Exception?> ExceptionAsync(Func<Task> action)
    {
        try
        {
            await action();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
