using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

public sealed partial class DuckDbSession
{
    private HashSet<string>? aggregateNames;

    internal IReadOnlySet<string> AggregateNames
    {
        get
        {
            if (aggregateNames is null)
            {
                using var names = Query("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'");
                aggregateNames = [.. names.Rows().Select(row => FunctionRules.Fold(row[0] as string ?? ""))];
            }

            return aggregateNames;
        }
    }

    /// <summary>Closes the session for SQL of strangers; it cannot be opened again. From here on it reads <paramref name="allowedFiles"/> and what is in
    /// <see cref="TempDirectory"/>, and no other file, loads nothing and keeps its settings.</summary>
    /// <remarks>Expressions nest at most 250 deep: time to bind grows with the square of it, and no interrupt stops it. DuckDB still lets a statement write where it may read: what strangers send goes through <see cref="SelectStatement.Parse"/> first.</remarks>
    /// <param name="allowedFiles">Paths exactly as the session's views name them.</param>
    public void LockDown(IReadOnlyList<string> allowedFiles)
    {
        isSpent = true;
        Execute(
            $"""
            SET GLOBAL allowed_paths = {Sql.List(allowedFiles)};
            SET GLOBAL allowed_directories = {Sql.List([TempDirectory + Path.DirectorySeparatorChar])};
            SET GLOBAL enable_external_access = false;
            SET GLOBAL allow_community_extensions = false;
            SET GLOBAL max_expression_depth = 250;
            SET GLOBAL lock_configuration = true
            """);
    }

    /// <summary>Runs a checked SELECT.</summary>
    /// <inheritdoc cref="Query(string, IReadOnlyList{object?}, CancellationToken)"/>
    public DuckDbResult Query(SelectStatement select, IReadOnlyList<object?> parameters, CancellationToken cancellationToken = default) =>
        Query(select.Sql, parameters, StatementType.Select, cancellationToken);

    /// <inheritdoc cref="Query(SelectStatement, IReadOnlyList{object?}, CancellationToken)"/>
    public DuckDbResult Query(SelectStatement select, CancellationToken cancellationToken = default) => Query(select, [], cancellationToken);
}
