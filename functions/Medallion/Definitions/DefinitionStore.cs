using System.Collections.Concurrent;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Definitions;

/// <summary>Where definitions are: the container <c>pipelines</c> (added without a deployment), else the folder that ships with the app.</summary>
public sealed class DefinitionStore(ILake lake, DefinitionCompiler compiler, string shippedFolder)
{
    private const string Container = "pipelines";
    private const int MaxCompiled = 512;
    private readonly ConcurrentDictionary<string, CompiledPipeline> compiled = new();
    private readonly ConcurrentDictionary<string, (IReadOnlyList<(string Path, string ETag)> Listed, DefinitionFiles Files)> lastRead = new();

    /// <summary>The names of all pipelines, in ordinal order.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        if (Directory.Exists(shippedFolder))
        {
            names.UnionWith(Directory.EnumerateDirectories(shippedFolder).Where(d => File.Exists(Path.Combine(d, DefinitionFiles.PipelineFile))).Select(d => Path.GetFileName(d)));
        }

        await foreach (var name in lake.ListDirectoriesAsync(new LakePath(Container, ""), cancellationToken))
        {
            if (!name.StartsWith('.'))
            {
                names.Add(name);
            }
        }

        return [.. names];
    }

    /// <summary>The definition of a pipeline as it is now.</summary>
    /// <exception cref="UnknownPipelineException">There is none of that name.</exception>
    /// <exception cref="DefinitionException">It cannot work.</exception>
    public async Task<CompiledPipeline> LoadAsync(string pipeline, CancellationToken cancellationToken) => Compile(await ReadAsync(pipeline, cancellationToken));

    /// <summary>Keeps the definition as it is now, so that every attempt of every step of a run works by the same one.</summary>
    public async Task<CompiledPipeline> FreezeAsync(string pipeline, CancellationToken cancellationToken)
    {
        var files = await ReadAsync(pipeline, cancellationToken);
        var result = Compile(files);
        await lake.TryCreateAsync(FrozenPath(pipeline, files.Hash), files.ToBytes(), cancellationToken);
        return result;
    }

    /// <summary>A definition that a run works by.</summary>
    /// <exception cref="TerminalException">It is not there.</exception>
    public async Task<CompiledPipeline> LoadFrozenAsync(string pipeline, string hash, CancellationToken cancellationToken)
    {
        if (compiled.TryGetValue(hash, out var known))
        {
            return known;
        }

        var bytes = await lake.ReadAsync(FrozenPath(pipeline, hash), cancellationToken)
            ?? throw new TerminalException($"The definition {hash} of pipeline '{pipeline}' is missing in the container '{Container}'. Start a new run.");
        return Compile(DefinitionFiles.FromBytes(bytes));
    }

    private static LakePath FrozenPath(string pipeline, string hash) => new(Container, $".definitions/{pipeline}/{hash}.json");

    private CompiledPipeline Compile(DefinitionFiles files)
    {
        if (compiled.Count > MaxCompiled)
        {
            compiled.Clear();
        }

        return compiled.GetOrAdd(files.Hash, _ => compiler.Compile(files));
    }

    private async Task<DefinitionFiles> ReadAsync(string pipeline, CancellationToken cancellationToken)
    {
        if (!IsPipelineName(pipeline))
        {
            throw new UnknownPipelineException(pipeline, await ListAsync(cancellationToken));
        }

        var listed = new List<(string Path, string ETag)>();
        await foreach (var file in lake.ListAsync(new LakePath(Container, pipeline), cancellationToken))
        {
            var path = file.Path.Path[(pipeline.Length + 1)..];
            if (DefinitionFiles.IsPart(path))
            {
                listed.Add((path, file.ETag));
            }
        }

        // Streams look at all definitions every few seconds: what has not changed is not read again.
        if (lastRead.TryGetValue(pipeline, out var last) && last.Listed.SequenceEqual(listed))
        {
            return last.Files;
        }

        var added = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, _) in listed)
        {
            if (await lake.ReadAsync(new LakePath(Container, $"{pipeline}/{path}"), cancellationToken) is { } bytes)
            {
                added[path] = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
            }
        }

        if (added.Count > 0)
        {
            var files = new DefinitionFiles { Name = pipeline, Files = added };
            lastRead[pipeline] = (listed, files);
            return files;
        }

        var shipped = Path.Combine(shippedFolder, pipeline);
        return File.Exists(Path.Combine(shipped, DefinitionFiles.PipelineFile))
            ? await DefinitionFiles.ReadFolderAsync(shipped, cancellationToken)
            : throw new UnknownPipelineException(pipeline, await ListAsync(cancellationToken));
    }

    private static bool IsPipelineName(string name) =>
        name.Length is > 0 and <= 100 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-');
}
