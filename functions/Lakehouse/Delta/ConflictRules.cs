using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>What a commit that came in between did.</summary>
internal enum ConcurrentChange
{
    Protocol,
    Metadata,
    OurTypes,
    Data,
    RemovedOurFile,
    OurDomain,
}

/// <summary>Which commits in between make ours void. The document of the protocol leaves this open; these are the rules of the Delta documentation's
/// "WriteSerializable", plus our own for domains.</summary>
/// <remarks>An append rests on nothing it has read but the types of its columns: it is planned anew on the newer version, its schema checked again. Rearrange is a replace that
/// changes no rows: it rests on its own files only.</remarks>
internal static class ConflictRules
{
    private static readonly Rule[] Rules =
    [
        //   in between                          Append  Overwrite  Replace  Rearrange
        new(ConcurrentChange.Protocol,           false,  true,      true,    true,  "changed the protocol"),
        new(ConcurrentChange.Metadata,           false,  true,      true,    true,  "changed schema or properties"),
        new(ConcurrentChange.OurTypes,           true,   true,      true,    true,  "changed the type of a column that this commit writes"),
        new(ConcurrentChange.Data,               false,  true,      true,    false, "added or removed rows"),
        new(ConcurrentChange.RemovedOurFile,     false,  false,     true,    true,  "removed a file that this commit removes"),
        new(ConcurrentChange.OurDomain,          true,   true,      true,    true,  "changed the state this commit changes"),
    ];

    /// <exception cref="TransientException">The commit in between and ours cannot both hold.</exception>
    public static void Check(LakePath root, DeltaCommit ours, long theirVersion, IReadOnlyList<LogAction> theirs)
    {
        var changes = Changes(ours, theirs).ToHashSet();
        if (Rules.FirstOrDefault(rule => changes.Contains(rule.InBetween) && rule.Forbids(ours)) is { } broken)
        {
            throw new TransientException($"Version {theirVersion} of the table {root} {broken.What} after this commit ({ours.Operation}, "
                + $"{ours.Mode}) had read it. Read the table again and repeat the step.");
        }
    }

    private static IEnumerable<ConcurrentChange> Changes(DeltaCommit ours, IReadOnlyList<LogAction> theirs)
    {
        var removed = ours.Remove.ToHashSet();
        foreach (var action in theirs)
        {
            if (action.Protocol is not null)
            {
                yield return ConcurrentChange.Protocol;
            }

            if (action.MetaData is not null)
            {
                yield return ConcurrentChange.Metadata;
            }

            if (action.MetaData is { } metadata && HasOtherTypes(ours.Schema, DeltaSchema.FromJson(metadata.SchemaString)))
            {
                yield return ConcurrentChange.OurTypes;
            }

            if (action.Add is { DataChange: true } || action.Remove is { DataChange: true })
            {
                yield return ConcurrentChange.Data;
            }

            if (action.Remove is { } file && removed.Contains(file.Path))
            {
                yield return ConcurrentChange.RemovedOurFile;
            }

            if ((action.DomainMetadata is { } domain && ours.Domains.Any(d => d.Name == domain.Domain))
                || (ours.RestoresState && (action.DomainMetadata is not null || action.Txn is not null)))
            {
                yield return ConcurrentChange.OurDomain;
            }
        }
    }

    private static bool HasOtherTypes(DeltaSchema ours, DeltaSchema theirs) => ours.Fields.Any(field => theirs.Find(field.Name) is { } column && column.Type != field.Type);

    private sealed record Rule(ConcurrentChange InBetween, bool Append, bool Overwrite, bool Replace, bool Rearrange, string What)
    {
        public bool Forbids(DeltaCommit ours) => ours switch
        {
            { Mode: CommitMode.Append } => Append,
            { Mode: CommitMode.Overwrite } => Overwrite,
            { DataChange: false } => Rearrange,
            _ => Replace,
        };
    }
}
