using Pipeline.Lakehouse.Delta;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>The columns of the table "What can conflict" in docs/lakehouse.md.</summary>
internal enum Kind
{
    Append,
    Overwrite,
    Replace,
    Rearrange,

    /// <summary>It commits nothing.</summary>
    None,
}

/// <summary>Which of the files that are there an operation removes.</summary>
internal enum Removes
{
    None,
    Oldest,
    Newest,
    All,
}

/// <summary>Something that is done to the table, with what the documentation needs to know of it.</summary>
internal sealed record Operation(string Name, Kind Kind, Func<Actor, Task> RunAsync)
{
    public bool ChangesMetadata { get; init; }

    /// <summary>It gives a column another type.</summary>
    public bool ChangesTypes { get; init; }

    /// <summary>It writes the column whose type others change, as the type that it has read.</summary>
    public bool WritesTypes { get; init; }

    public bool ChangesRows { get; init; }

    /// <summary>It changes the state 'pipeline.step.shared' and its transaction.</summary>
    public bool ChangesState { get; init; }

    public Removes Removes { get; init; }

    public override string ToString() => Name;

    /// <summary>Whether this operation, which has read the table, is void once the other has been committed: docs/lakehouse.md, "What can conflict".</summary>
    public bool IsVoidAfter(Operation other) => Kind switch
    {
        Kind.None => false,
        Kind.Append => (ChangesState && other.ChangesState) || (WritesTypes && other.ChangesTypes),
        Kind.Overwrite => other.ChangesMetadata || other.ChangesRows || (ChangesState && other.ChangesState),
        Kind.Replace => other.ChangesMetadata || other.ChangesRows || Overlaps(other),
        Kind.Rearrange => other.ChangesMetadata || Overlaps(other),
        _ => throw new InvalidOperationException($"{Kind}"),
    };

    private bool Overlaps(Operation other) => (Removes, other.Removes) switch
    {
        (Removes.None, _) or (_, Removes.None) => false,
        (Removes.All, _) or (_, Removes.All) => true,
        var (ours, theirs) => ours == theirs,
    };
}

/// <summary>Every operation there is: one more is one more line, and is played against all others.</summary>
internal static class Operations
{
    /// <summary>The version that a restore goes back to.</summary>
    public const long Restored = 15;

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("append", Kind.Append, a => a.CommitAsync(CommitMode.Append, $"SELECT 100::BIGINT AS id, '{a.Name}' AS v")) { ChangesRows = true },
        new("append with state", Kind.Append, a => a.CommitAsync(CommitMode.Append, $"SELECT 110::BIGINT AS id, '{a.Name}' AS v", WithState(a))) { ChangesRows = true, ChangesState = true },
        new("overwrite", Kind.Overwrite, a => a.CommitAsync(CommitMode.Overwrite, $"SELECT 200::BIGINT AS id, '{a.Name}' AS v, 2::SMALLINT AS n")) { ChangesRows = true, Removes = Removes.All },
        new("replace", Kind.Replace, a => a.ReplaceOldestAsync($"* REPLACE (id + 1000 AS id, v || '{a.Name}' AS v)")) { ChangesRows = true, Removes = Removes.Oldest },
        new("optimize", Kind.Rearrange, a => a.OptimizeAsync()) { Removes = Removes.All },
        new("vacuum", Kind.None, a => a.VacuumAsync()),
        new("clean up the log", Kind.None, a => a.CleanUpLogAsync()),
        new("restore", Kind.Overwrite, a => a.Table.RestoreAsync(Restored, CancellationToken.None)) { ChangesRows = true, ChangesState = true, Removes = Removes.Newest },
        new("describe", Kind.Append, a => a.CommitAsync(CommitMode.Append, "SELECT 1::BIGINT AS id, '' AS v WHERE false", commit => commit with { Description = $"of {a.Name}" })) { ChangesMetadata = true },
        new("add a column", Kind.Append, a => a.CommitAsync(CommitMode.Append, $"SELECT 300::BIGINT AS id, '{a.Name}' AS v, 7 AS extra_{a.Name}")) { ChangesRows = true, ChangesMetadata = true },
        new("merge", Kind.Replace, a => a.MergeAsync($"VALUES (10::BIGINT, '{a.Name}', false), (11, '', true), (400, '{a.Name}', false)")) { ChangesRows = true, Removes = Removes.Oldest },
        new("history", Kind.Replace, a => a.ChangeHistoryAsync($"SELECT 12::BIGINT AS id, '{a.Name}' AS v, 1::SMALLINT AS n, ascii('{a.Name}')::BIGINT AS sequence")) { ChangesRows = true, Removes = Removes.Oldest },
        new("widen", Kind.Replace, a => a.WidenAsync()) { ChangesRows = true, ChangesMetadata = true, ChangesTypes = true, Removes = Removes.All },
        new("append of the table's types", Kind.Append, a => a.WidenedAppendAsync($"SELECT 510::BIGINT AS id, '{a.Name}' AS v, 7::SMALLINT AS n")) { ChangesRows = true, WritesTypes = true },
    ];

    public static Operation Of(string name) => All.Single(operation => operation.Name == name);

    private static Func<DeltaCommit, DeltaCommit> WithState(Actor actor) => commit => commit with
    {
        Transaction = new TransactionId($"step/{actor.Name}", 1),
        Domains = [new DomainState("pipeline.step.shared", $$"""{"by":"{{actor.Name}}"}""")],
    };
}
