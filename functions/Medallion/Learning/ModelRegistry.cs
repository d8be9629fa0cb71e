using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Learning;

/// <summary>The models of pipelines, each version a file of the container <c>trained</c> that is written once.</summary>
public sealed class ModelRegistry
{
    private const string Container = "trained";
    private readonly ILake lake;

    internal ModelRegistry(ILake lake) => this.lake = lake;

    /// <summary>A version of a model, or its newest; null where there is none.</summary>
    public async Task<TrainedModel?> FindAsync(string pipeline, string name, long? version, CancellationToken cancellationToken)
    {
        if (version is { } number)
        {
            return await ReadAsync(PathOf(pipeline, name, number), cancellationToken);
        }

        var versions = await VersionsAsync(pipeline, name, cancellationToken);
        return versions.Count == 0 ? null : await ReadAsync(PathOf(pipeline, name, versions[^1]), cancellationToken);
    }

    /// <summary>The newest version of each model, by pipeline and name.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<TrainedModel>> ListAsync(string? pipeline, CancellationToken cancellationToken)
    {
        var newest = new SortedDictionary<string, LakePath>(StringComparer.Ordinal);
        await foreach (var file in lake.ListPrefixAsync(Container, pipeline is null ? "" : $"{pipeline}/", cancellationToken))
        {
            // In the order of their names, which is that of their numbers.
            newest[file.Path.ToString()[..file.Path.ToString().LastIndexOf('/')]] = file.Path;
        }

        var models = new List<TrainedModel>();
        foreach (var path in newest.Values)
        {
            if (await ReadAsync(path, cancellationToken) is { } model)
            {
                models.Add(model);
            }
        }

        return models;
    }

    /// <summary>The numbers of a model's versions, ascending.</summary>
    public async Task<IReadOnlyList<long>> VersionsAsync(string pipeline, string name, CancellationToken cancellationToken)
    {
        var versions = new List<long>();
        await foreach (var file in lake.ListPrefixAsync(Container, $"{pipeline}/{name}/", cancellationToken))
        {
            var text = file.Path.ToString();
            if (long.TryParse(Path.GetFileNameWithoutExtension(text), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                versions.Add(number);
            }
        }

        return versions;
    }

    /// <summary>Adds a model as the next version. A run that was interrupted and repeats its work finds what it has added.</summary>
    /// <param name="model">Makes the model with its number.</param>
    /// <param name="last">The newest version, or null: what the number follows.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <exception cref="TransientException">Another run has added that version meanwhile.</exception>
    public async Task<TrainedModel> AddAsync(Func<long, TrainedModel> model, TrainedModel? last, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        var added = model((last?.Version ?? 0) + 1);
        return await lake.TryCreateAsync(PathOf(added.Pipeline, added.Name, added.Version), Encoding.UTF8.GetBytes(Json.Write(added)), cancellationToken)
            ? added
            : throw new TransientException($"Version {added.Version} of model '{added.Name}' was added by another run meanwhile.");
    }

    private async Task<TrainedModel?> ReadAsync(LakePath path, CancellationToken cancellationToken)
    {
        try
        {
            return await lake.ReadAsync(path, cancellationToken) is { } bytes ? Json.Read<TrainedModel>(Encoding.UTF8.GetString(bytes)) : null;
        }
        catch (JsonException error)
        {
            throw new TerminalException($"{path} is no model that this app can read ({error.Message}): it was written by another version of it. Train the model anew by a full refresh of its step.", error);
        }
    }

    private static LakePath PathOf(string pipeline, string name, long version) => new(Container, string.Create(CultureInfo.InvariantCulture, $"{pipeline}/{name}/{version:D8}.json"));
}

/// <summary>There is no such model, or no such version of it.</summary>
public sealed class UnknownModelException(string message) : TerminalException(message);
