using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Definitions;

/// <summary>What is wrong with a definition, and where.</summary>
public sealed record DefinitionProblem(string File, int Line, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}: {Message}";
}

/// <summary>A definition that cannot work; refused before the first step runs.</summary>
public sealed class DefinitionException(string pipeline, IReadOnlyList<DefinitionProblem> problems)
    : TerminalException($"The definition of pipeline '{pipeline}' has {problems.Count} problem(s):\n{string.Join('\n', problems)}")
{
    /// <summary>The pipeline's name.</summary>
    public string Pipeline { get; } = pipeline;

    /// <summary>All problems found, in the order of the files.</summary>
    public IReadOnlyList<DefinitionProblem> Problems { get; } = problems;
}

/// <summary>There is no pipeline of that name.</summary>
public sealed class UnknownPipelineException(string pipeline, IEnumerable<string> known)
    : TerminalException($"There is no pipeline '{pipeline}'. Known: {string.Join(", ", known)}. A pipeline is a folder with a pipeline.yaml, shipped with the app or in the container 'pipelines'.");
