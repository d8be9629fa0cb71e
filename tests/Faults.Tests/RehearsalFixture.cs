using System.Collections.Concurrent;
using Pipeline.Faults.Cases;
using Pipeline.Faults.Storage;
using Pipeline.Faults.Tests;

[assembly: AssemblyFixture(typeof(RehearsalFixture))]

namespace Pipeline.Faults.Tests;

/// <summary>One emulator for the assembly, and what undisturbed runs leave.</summary>
public sealed class RehearsalFixture : IAsyncLifetime
{
    private readonly ConcurrentDictionary<Stage, Lazy<Task<Expectation>>> expected = new();
    private Emulator? emulator;

    public Emulator Emulator => emulator ?? throw new InvalidOperationException("The emulator is not running.");

    public Rehearsal Rehearsal => new(Emulator, rows: 40);

    public Task<Expectation> ExpectedAsync(Stage stage) => expected.GetOrAdd(stage, s => new Lazy<Task<Expectation>>(() => Rehearsal.UndisturbedAsync(s, CancellationToken.None))).Value;

    public async ValueTask InitializeAsync() => emulator = await Emulator.StartAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => emulator?.DisposeAsync() ?? ValueTask.CompletedTask;
}
