using System.Globalization;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Storage;

/// <summary>One Azurite in memory with many accounts: every case gets an empty one without waiting for a start.</summary>
public sealed class Emulator : IAsyncDisposable
{
    private const int Accounts = 1000;
    private int taken;

    private Emulator(Azurite azurite) => Azurite = azurite;

    public Azurite Azurite { get; }

    public static async Task<Emulator> StartAsync(CancellationToken cancellationToken) =>
        new(await Azurite.StartAsync(folder: null, blobPort: null, Enumerable.Range(1, Accounts).Select(Name), cancellationToken));

    /// <summary>The name of an account that nobody has used.</summary>
    public string TakeAccount() => Interlocked.Increment(ref taken) is var number and <= Accounts ? Name(number) : throw new InvalidOperationException($"All {Accounts} accounts are used.");

    public ValueTask DisposeAsync() => Azurite.DisposeAsync();

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"case{number}");
}
