namespace Pipeline.App.Runs;

/// <summary>Bounded fan-out for orchestrators: it awaits nothing but what it is given.</summary>
internal static class FanOut
{
    private const int InFlight = 32;

    /// <summary>Calls a function for every item, at most so many at a time, and waits for all.</summary>
    public static async Task RunAsync<T>(IEnumerable<T> items, Func<T, Task> call, int inFlight = InFlight)
    {
        var running = new List<Task>();
        foreach (var item in items)
        {
            if (running.Count == inFlight)
            {
                var ended = await Task.WhenAny(running);
                running.Remove(ended);
                await ended;
            }

            running.Add(call(item));
        }

        await Task.WhenAll(running);
    }
}
