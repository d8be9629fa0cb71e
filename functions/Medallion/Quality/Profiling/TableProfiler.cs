using System.Globalization;
using System.Runtime.ExceptionServices;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Quality.Profiling;

/// <summary>Looks at the values of a table: one pass for the figures of all columns, one for the values that occur most often.</summary>
public sealed class TableProfiler
{
    /// <summary>The most rows that a sample has.</summary>
    public const long MaxSampleRows = 10_000_000;

    private const int TopValues = 10;
    private const int LongestValue = 100;

    // What is counted value by value must fit into memory.
    private const long MostDistinct = 100_000;
    private const int MostKeyCandidates = 5;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(120);
    private readonly TableCatalog catalog;
    private readonly Engine engine;
    private readonly TableReader reader;
    private readonly TimeProvider clock;

    internal TableProfiler(TableCatalog catalog, Engine engine, TableReader reader, TimeProvider clock) =>
        (this.catalog, this.engine, this.reader, this.clock) = (catalog, engine, reader, clock);

    /// <summary>Profiles a table.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="when">The version; by default the newest.</param>
    /// <param name="request">What to look at.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <exception cref="UnknownTableException">There is no such table, or no such version of it.</exception>
    /// <exception cref="QueryException">It has no such column, or it takes more than two minutes.</exception>
    /// <exception cref="TerminalException">A file is gone, or one file's columns exceed the cache of data files.</exception>
    public async Task<TableProfile> ProfileAsync(string pipeline, TableKey table, PointInTime when, ProfileRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var begun = clock.GetTimestamp();
        var snapshot = await catalog.SnapshotAsync(pipeline, table, when, cancellationToken);
        var columns = Chosen(table, snapshot, request.Columns).ConvertAll(c => new ColumnFigures(c));
        using var deadline = new CancellationTokenSource(TimeLimit, clock);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var session = engine.OpenSession();
        try
        {
            var select = $"select {string.Join(", ", columns.Select(c => Sql.Identifier(c.Column.Name)))} from {table.Layer}.{Sql.Identifier(table.Name)}";
            var planned = await reader.PlanAsync(session, [new TableInput(table.Layer, table.Name, snapshot, LakeTables.Root(pipeline, table))], select, limited.Token);
            engine.RequireRoom($"A profile of {table}", planned);
            using var views = await reader.CreateViewsAsync(session, planned, limited.Token);
            var (rows, profiled) = Measure(session, select, columns, request.SampleRows, views, limited.Token);
            return new TableProfile
            {
                Pipeline = pipeline,
                Table = table,
                Version = snapshot.Version,
                Rows = snapshot.Rows,
                ProfiledRows = rows,
                Columns = [.. profiled.Select(p => p.Profile)],
                Suggestion = new RuleSuggester(clock.GetUtcNow()).Suggest($"{table} of {pipeline} at version {snapshot.Version}", rows, rows < snapshot.Rows, profiled),
                Seconds = Math.Round(clock.GetElapsedTime(begun).TotalSeconds, 3),
            };
        }
        catch (OperationCanceledException error) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new QueryException($"The profile of {table} took longer than {TimeLimit.TotalSeconds} s and was stopped: ask for some 'columns', or for 'sampleRows'.", error);
        }
    }

    private static List<DuckDbColumn> Chosen(TableKey table, DeltaSnapshot snapshot, IReadOnlyList<string>? names)
    {
        var all = snapshot.Schema.Fields.Select(f => new DuckDbColumn(f.Name, DeltaTypes.ToDuckDb(f.Type))).ToList();
        if (names is null)
        {
            // In silver no column of a contract begins with '_'; what arrives in bronze may.
            return all.FindAll(c => !BronzeColumns.IsTechnical(c.Name) && !(table.Layer == "silver" && c.Name.StartsWith('_')));
        }

        return [.. names.Distinct(StringComparer.OrdinalIgnoreCase).Select(name => all.Find(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new QueryException($"{table} has no column '{name}': expected some of {string.Join(", ", all.Select(c => c.Name))}."))];
    }

    private static (long Rows, IReadOnlyList<ProfiledColumn> Columns) Measure(
        DuckDbSession session, string select, List<ColumnFigures> columns, long? sampleRows, TableViews views, CancellationToken cancellationToken)
    {
        try
        {
            var rows = $"({select})";
            if (sampleRows is { } most)
            {
                session.Execute(string.Create(CultureInfo.InvariantCulture, $"create temp table sampled as {select} using sample reservoir({most} rows) repeatable (42)"), cancellationToken);
                rows = "sampled";
            }

            var figures = Row(session, $"select count(*){string.Concat(columns.SelectMany(c => c.Sqls).Select(sql => $", {sql}"))} from {rows}", cancellationToken);
            var total = Convert.ToInt64(figures[0], CultureInfo.InvariantCulture);
            var read = new List<ProfiledColumn>();
            var next = 1;
            foreach (var column in columns)
            {
                read.Add(new ProfiledColumn(column, total, column.Read(figures.Skip(next).Take(column.Count))));
                next += column.Count;
            }

            CountValues(session, rows, read.FindAll(c => c.Figures.HasValues && c.EstimatedDistinct <= MostDistinct && c.Count > 0), cancellationToken);
            CountKeys(session, rows, [.. read.Where(c => c.MayBeKey && !c.Profile.IsDistinctExact).Take(MostKeyCandidates)], cancellationToken);
            return (total, read);
        }
        catch (TerminalException) when (views.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
    }

    // One pass: a grouping set per column.
    private static void CountValues(DuckDbSession session, string rows, IReadOnlyList<ProfiledColumn> columns, CancellationToken cancellationToken)
    {
        if (columns.Count == 0)
        {
            return;
        }

        var names = columns.Select(c => Sql.Identifier(c.Figures.Column.Name)).ToList();
        var which = string.Concat(names.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $" when grouping({name}) = 0 then {i}")));
        var value = string.Concat(names.Select(name => $" when grouping({name}) = 0 then {name}::varchar"));
        var sql = $"""
            with counted as (select case{which} end as which, case{value} end as value, count(*) as times from {rows} group by grouping sets ({string.Join(", ", names.Select(n => $"({n})"))}))
            select which, left(value, {LongestValue + 1}), times, count(*) over (partition by which) from counted where value is not null
            qualify row_number() over (partition by which order by times desc, value) <= {TopValues} order by which, times desc, value
            """;
        using var result = session.Query(sql, cancellationToken);
        foreach (var group in result.Rows().ToLookup(r => Convert.ToInt32(r[0], CultureInfo.InvariantCulture)))
        {
            var top = group.Select(r => ((string?)r[1] ?? "", Convert.ToInt64(r[2], CultureInfo.InvariantCulture)));
            columns[group.Key].SetTop(Convert.ToInt64(group.First()[3], CultureInfo.InvariantCulture), [.. top], LongestValue);
        }
    }

    // What is too much to be counted beside others is counted alone, where the engine can spill.
    private static void CountKeys(DuckDbSession session, string rows, IReadOnlyList<ProfiledColumn> columns, CancellationToken cancellationToken)
    {
        foreach (var column in columns)
        {
            var name = Sql.Identifier(column.Figures.Column.Name);
            column.SetDistinct(session.Scalar<long>($"select count(*) from (select distinct {name} from {rows})", cancellationToken));
        }
    }

    private static object?[] Row(DuckDbSession session, string sql, CancellationToken cancellationToken)
    {
        using var result = session.Query(sql, cancellationToken);
        return result.Rows().First();
    }
}
