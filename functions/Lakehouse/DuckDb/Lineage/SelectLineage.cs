namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <summary>Where the columns and rows of a SELECT come from, by its syntax tree. What cannot be told is left out and marked so.</summary>
public sealed record SelectLineage
{
    /// <summary>Its columns, in order.</summary>
    public required IReadOnlyList<OutputColumn> Columns { get; init; }

    /// <summary>What decides which rows there are: joins, filters, groups, order. Never a use that gives a value.</summary>
    public required IReadOnlyList<ColumnOrigin> Rows { get; init; }

    /// <summary>Whether <see cref="Rows"/> is all that decides on the rows.</summary>
    public required bool AreRowsComplete { get; init; }

    /// <summary>Whether nothing was left out.</summary>
    public bool IsComplete => AreRowsComplete && Columns.All(column => column.IsComplete);

    /// <summary>Follows every column of a SELECT to the tables it reads.</summary>
    /// <param name="session">Any session; must not be reading a result.</param>
    /// <param name="sql">One SELECT that DuckDB can bind.</param>
    /// <param name="columnsOf">The columns of a table, named in lower case; null where they are not known.</param>
    /// <param name="outputs">The names of its columns as DuckDB tells them (<see cref="DuckDbSession.Describe"/>): the lineage is held against them, and nothing is
    /// told where they differ. Null: not known.</param>
    /// <exception cref="DuckDbException">It does not parse, or is not one SELECT.</exception>
    public static SelectLineage Of(DuckDbSession session, string sql, Func<TableName, IReadOnlyList<string>?> columnsOf, IReadOnlyList<string>? outputs = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        using var json = SelectStatement.Serialize(session, sql);
        var statement = SelectStatement.OnlyStatement(json, sql);
        var result = new QueryFlow(session.AggregateNames, columnsOf).Query(statement.GetProperty("node"), CommonTables.None, outer: null);
        return new SelectLineage
        {
            Columns = [.. Match(result, outputs).Select(column => new OutputColumn(column.Name, Sort(column.Value), column.Value.IsComplete))],
            Rows = Sort(result.Rows),
            AreRowsComplete = result.Rows.IsComplete,
        };
    }

    private static IEnumerable<NamedFlow> Match(Relation result, IReadOnlyList<string>? outputs)
    {
        if (outputs is null)
        {
            return result.Columns;
        }

        if (result.Others is not null)
        {
            return outputs.Select(name => new NamedFlow(name, result.Find(name) ?? Flow.Unknown));
        }

        var agrees = result.Columns.Count == outputs.Count
            && result.Columns.Zip(outputs).All(pair => pair.First.Name.Length == 0 || FunctionRules.Fold(pair.First.Name) == FunctionRules.Fold(pair.Second));
        return outputs.Select((name, index) => new NamedFlow(name, agrees ? result.Columns[index].Value : Flow.Unknown));
    }

    private static IReadOnlyList<ColumnOrigin> Sort(Flow flow) =>
        [.. flow.Origins.OrderBy(origin => origin.Table.ToString(), StringComparer.Ordinal).ThenBy(origin => origin.Column, StringComparer.Ordinal).ThenBy(origin => origin.Use)];
}

/// <summary>A column that a SELECT gives.</summary>
/// <param name="Name">Its name; empty where only DuckDB knows how it names the expression.</param>
/// <param name="Origins">What it depends on, by table, column and use. A count of rows or a constant depends on nothing.</param>
/// <param name="IsComplete">False: it depends on more, which cannot be told.</param>
public sealed record OutputColumn(string Name, IReadOnlyList<ColumnOrigin> Origins, bool IsComplete);
