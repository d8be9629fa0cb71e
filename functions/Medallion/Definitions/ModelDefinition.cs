using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Definitions;

/// <summary>A table built by one SELECT.</summary>
public sealed record ModelDefinition
{
    /// <summary><c>silver</c> or <c>gold</c> and the file's name.</summary>
    public required TableKey Table { get; init; }

    /// <summary>The SELECT.</summary>
    public required string Sql { get; init; }

    /// <summary>The columns of which there is one row each, checked after the build; empty checks nothing.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>True: the SELECT's rows are merged into the table by key. It is built anew only if the definition moved or a full refresh asks for it.</summary>
    public bool Incremental { get; init; }

    /// <summary>What becomes of rows whose key the SELECT no longer gives, in an incremental model.</summary>
    public ModelDelete Delete { get; init; } = ModelDelete.Keep;

    /// <summary>The tier that rows of a source's silver table must have to be read; null: all are.</summary>
    public Tier? Requires { get; init; }

    /// <summary>How the table keeps the history of its rows; null: it holds them as they are now.</summary>
    public HistoryDefinition? History { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>A sentence for each of some columns, by name.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>The SQL file and its first line.</summary>
    public required SourceLine Line { get; init; }
}

/// <summary>What becomes of rows that a model's SELECT no longer gives.</summary>
public enum ModelDelete
{
    /// <summary>They stay.</summary>
    Keep,

    /// <summary>They are deleted.</summary>
    Missing,
}

/// <summary>A model whose table has a row for every state that a key was in, with <c>valid_from</c>, <c>valid_to</c> and <c>is_current</c>.</summary>
public sealed record HistoryDefinition
{
    /// <summary>The column that orders the states of a key; it becomes <c>valid_from</c>.</summary>
    public required string Sequence { get; init; }

    /// <summary>A boolean column, true where a key ends; null: none ends.</summary>
    public string? Delete { get; init; }
}
