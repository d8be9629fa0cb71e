using System.Collections.Concurrent;

namespace Pipeline.Medallion.Learning;

/// <summary>The newest versions of models, kept for a while for those who ask all the time. A version that another instance adds is seen within 30 seconds.</summary>
internal sealed class NewestModels(ModelRegistry registry, TimeProvider clock)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<(string Pipeline, string Name), (TrainedModel? Model, DateTimeOffset SeenUtc)> kept = new();

    /// <summary>The newest version of a model; null: there is none.</summary>
    public async Task<TrainedModel?> FindAsync(string pipeline, string name, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (kept.TryGetValue((pipeline, name), out var known) && now - known.SeenUtc < KeptFor)
        {
            return known.Model;
        }

        var model = await registry.FindAsync(pipeline, name, null, cancellationToken);
        kept[(pipeline, name)] = (model, now);
        return model;
    }

    /// <summary>A version of a model; null: there is no such version.</summary>
    public Task<TrainedModel?> FindAsync(string pipeline, string name, long version, CancellationToken cancellationToken) =>
        kept.TryGetValue((pipeline, name), out var known) && known.Model?.Version == version
            ? Task.FromResult<TrainedModel?>(known.Model)
            : registry.FindAsync(pipeline, name, version, cancellationToken);
}
