using System.Collections.Immutable;

namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <summary>What names mean at a place in a query, as DuckDB's binder takes them: columns, then aliases of the select list, then what the query around sees.</summary>
internal sealed record NameScope
{
    /// <summary>What the query around sees; null: there is none.</summary>
    public NameScope? Outer { get; init; }

    public IReadOnlyList<Relation> Relations { get; init; } = [];

    /// <summary>Columns that USING or NATURAL made one of two, by folded name.</summary>
    public ImmutableDictionary<string, Flow> Merged { get; init; } = ImmutableDictionary<string, Flow>.Empty;

    /// <summary>Parameters of a lambda, folded.</summary>
    public ImmutableHashSet<string> Parameters { get; init; } = [];

    /// <summary>What an alias of the select list stands for; null: there is no such alias in sight.</summary>
    public Func<string, Flow?> Alias { get; init; } = _ => null;

    /// <summary>Where the value of a name comes from.</summary>
    /// <param name="names">The name's parts.</param>
    public Flow Resolve(IReadOnlyList<string> names)
    {
        // A table whose columns are not known may have the name or not: it is told only if every way to read it comes to the same.
        var possible = new List<Flow>();
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.Parameters.Contains(FunctionRules.Fold(names[0])))
            {
                possible.Add(Flow.None);
                break;
            }

            var (found, isCertain) = names.Count == 1 ? scope.Column(names[0]) : scope.Qualified(names);
            if (found is not null)
            {
                possible.Add(found);
            }

            if (isCertain)
            {
                break;
            }

            if (names.Count == 1 && scope.Alias(names[0]) is { } alias)
            {
                possible.Add(alias);
                break;
            }
        }

        return possible.Count > 0 && possible.TrueForAll(flow => flow.IsSame(possible[0])) ? possible[0] : Flow.Unknown;
    }

    /// <summary>The columns of <c>*</c>, and where others come from that it may have.</summary>
    public Relation Star()
    {
        var columns = new List<NamedFlow>();
        var seen = new HashSet<string>();
        foreach (var column in Relations.SelectMany(relation => relation.Columns))
        {
            var name = FunctionRules.Fold(column.Name);
            if (!Merged.TryGetValue(name, out var merged))
            {
                columns.Add(column);
            }
            else if (seen.Add(name))
            {
                columns.Add(column with { Value = merged });
            }
        }

        var open = Relations.Where(relation => relation.Others is not null).ToList();
        return new Relation { Columns = columns, Others = open.Count == 0 ? null : open.Count == 1 && Merged.IsEmpty ? open[0].Others : _ => Flow.Unknown };
    }

    public Relation? Table(string name) => Relations.FirstOrDefault(relation => relation.Alias == FunctionRules.Fold(name));

    private (Flow? Found, bool IsCertain) Column(string name)
    {
        if (Merged.TryGetValue(FunctionRules.Fold(name), out var merged))
        {
            return (merged, true);
        }

        var having = Relations.Where(relation => relation.Has(name)).ToList();
        if (having.Count > 0)
        {
            return (having.Count == 1 ? having[0].Find(name) : Flow.Unknown, true);
        }

        var open = Relations.Where(relation => relation.Others is not null).ToList();
        return open.Count > 0
            ? (open.Count == 1 ? open[0].Find(name) : Flow.Unknown, false)
            : Table(name) is { } whole ? (whole.Whole(), true) : (null, false);
    }

    private (Flow? Found, bool IsCertain) Qualified(IReadOnlyList<string> names)
    {
        if (names.Count > 2 && Relations.FirstOrDefault(relation => relation.Schema == FunctionRules.Fold(names[0]) && relation.Alias == FunctionRules.Fold(names[1])) is { } named
            && named.Find(names[2]) is { } ofSchema)
        {
            return (Field(ofSchema, names.Count > 3), true);
        }

        if (Table(names[0]) is { } table && table.Find(names[1]) is { } ofTable)
        {
            var isOther = !table.Has(names[1]) && Relations.Any(relation => relation.Has(names[0]));
            return (isOther ? Flow.Unknown : Field(ofTable, names.Count > 2), true);
        }

        var (column, isCertain) = Column(names[0]);
        return (column?.As(ColumnUse.Transformation), isCertain);
    }

    private static Flow Field(Flow column, bool isField) => isField ? column.As(ColumnUse.Transformation) : column;
}
