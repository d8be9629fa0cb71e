using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Metrics;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Mart;

/// <summary>Answers questions about a pipeline's tables: rows, groups, features and metrics. What asks the mart needs to know neither files nor SQL.</summary>
public sealed class DataMart
{
    /// <summary>How many rows a page of JSON has at most.</summary>
    public const int RowLimit = 10_000;

    /// <summary>How many rows a page of JSON has where nothing is said.</summary>
    public const int DefaultRows = 1000;

    /// <summary>How many rows a page of CSV or Parquet has at most.</summary>
    public const int FileRowLimit = 1_000_000;

    private static readonly TimeSpan RowsPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FilePatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LearnPatience = TimeSpan.FromHours(2);
    private readonly TableCatalog catalog;
    private readonly DefinitionStore definitions;
    private readonly MartSessions sessions;
    private readonly QueryGate gate;
    private readonly TimeProvider clock;

    internal DataMart(TableCatalog catalog, DefinitionStore definitions, MartSessions sessions, QueryGate gate, TimeProvider clock) =>
        (this.catalog, this.definitions, this.sessions, this.gate, this.clock) = (catalog, definitions, sessions, gate, clock);

    /// <summary>Answers a question with a page of rows.</summary>
    /// <exception cref="QueryException">It cannot be answered as it was put; the message names what is wrong and what there is.</exception>
    /// <exception cref="UnknownTableException">There is no such table, or no such version of it.</exception>
    public async Task<MartRows> QueryAsync(MartQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await RowsAsync(await PageAsync(query, cancellationToken), cancellationToken);
    }

    /// <summary>Answers a question with a file.</summary>
    /// <inheritdoc cref="QueryAsync(MartQuery, CancellationToken)" path="/exception"/>
    public async Task<MartFile> ExportAsync(MartQuery query, MartFormat format, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await FileAsync(await PageAsync(query, cancellationToken), format, cancellationToken);
    }

    /// <summary>Answers a question for features with a page of rows.</summary>
    /// <inheritdoc cref="QueryAsync(MartQuery, CancellationToken)" path="/exception"/>
    public async Task<MartRows> QueryAsync(FeatureQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await RowsAsync(await PageAsync(query, cancellationToken), cancellationToken);
    }

    /// <summary>Answers a question for features with a file.</summary>
    /// <inheritdoc cref="QueryAsync(MartQuery, CancellationToken)" path="/exception"/>
    public async Task<MartFile> ExportAsync(FeatureQuery query, MartFormat format, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await FileAsync(await PageAsync(query, cancellationToken), format, cancellationToken);
    }

    /// <summary>Opens the features of all rows for a model that learns from them, whatever their number. The rows and the keys of them come in the same order.</summary>
    /// <inheritdoc cref="QueryAsync(MartQuery, CancellationToken)" path="/exception"/>
    internal async Task<MartFeatures> ReadFeaturesAsync(FeatureQuery query, CancellationToken cancellationToken)
    {
        // An activity that learns has its own share of the instance, and keeps no caller waiting.
        var page = await PageAsync(query with { Key = [] }, cancellationToken);
        var reading = await MartReading.BeginAsync(null, LearnPatience, clock, cancellationToken);
        try
        {
            var (select, fitted) = await OpenAsync(page, reading, (query.Key.Count == 0 ? page : await PageAsync(query, cancellationToken)).Reads);
            return new MartFeatures(page.Table, reading, select, fitted ?? throw new InvalidOperationException("Features are always fitted."), query);
        }
        catch
        {
            reading.Dispose();
            throw;
        }
    }

    /// <summary>Makes features of rows that are given, the way they were fitted.</summary>
    /// <param name="rows">The rows as a JSON array of objects; what they lack is null.</param>
    /// <param name="columns">The columns that features are made of, with their types.</param>
    /// <param name="features">What is made of them.</param>
    /// <param name="fitted">How.</param>
    /// <param name="read">Reads the features.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="QueryException">A row is not of these columns, or lacks a value that nothing stands for.</exception>
    internal async Task<T> MakeFeaturesAsync<T>(
        string rows, IReadOnlyList<DuckDbColumn> columns, IReadOnlyList<FeatureColumn> features, FittedFeatures fitted, Func<DuckDbResult, T> read, CancellationToken cancellationToken)
    {
        var table = new TableKey("gold", "given");
        using var reading = await MartReading.BeginAsync(gate, RowsPatience, clock, cancellationToken);
        using var session = sessions.OpenWith(table, rows, columns);
        return reading.Do(() =>
        {
            var query = new FeatureQuery { Pipeline = "", From = table.ToString(), Features = features, Fitted = fitted };
            var (select, _) = new FeatureSql(query, table, MartColumns.Of("the row", columns)).Build(session, reading.Token);
            using var result = session.Query(select, reading.Token);
            return read(result);
        });
    }

    /// <summary>The question to the mart that a question for metrics means.</summary>
    /// <exception cref="QueryException">There is no such metric, or they are over several tables.</exception>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    public async Task<MartQuery> MeanAsync(MetricQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return MetricQuestion.Of(query, (await definitions.LoadAsync(query.Pipeline, cancellationToken)).Definition);
    }

    private async Task<MartPage> PageAsync(MartQuery query, CancellationToken cancellationToken)
    {
        var question = QueryCursor.Hash(query with { Cursor = null, Limit = null, Version = null, AsOf = null });
        var (table, offset) = await FindAsync(query.Pipeline, query.From, query.Version, query.AsOf, query.Cursor, question, cancellationToken);
        var metrics = query.Aggregates.Any(a => a.Metric is not null)
            ? (await definitions.LoadAsync(query.Pipeline, cancellationToken)).Definition.Metrics.Where(m => m.From == table.Key).ToList()
            : [];
        return Understand(() => new MartPage(table, question, offset, query.Limit)
        {
            Reads = QuerySql.Of(query with { Having = null }, table.Key, table.Columns, metrics, _ => []),
            Select = (session, _) => (QuerySql.Of(query, table.Key, table.Columns, metrics, session.Describe), null),
        });
    }

    private async Task<MartPage> PageAsync(FeatureQuery query, CancellationToken cancellationToken)
    {
        var question = QueryCursor.Hash(query with { Cursor = null, Limit = null, Version = null, AsOf = null, Fitted = null });
        var (table, offset) = await FindAsync(query.Pipeline, query.From, query.Version, query.AsOf, query.Cursor, question, cancellationToken);
        return Understand(() =>
        {
            var features = new FeatureSql(query, table.Key, table.Columns);
            return new MartPage(table, question, offset, query.Limit) { Reads = features.Reads, Select = features.Build, InOneThread = true };
        });
    }

    // A text that SQL cannot hold is the question's fault.
    private static MartPage Understand(Func<MartPage> page)
    {
        try
        {
            return page();
        }
        catch (DuckDbException error)
        {
            throw new QueryException(error.Message, error);
        }
    }

    private async Task<(MartTable Table, long Offset)> FindAsync(
        string pipeline, string from, long? version, DateTimeOffset? asOf, string? text, string question, CancellationToken cancellationToken)
    {
        if (text is null)
        {
            return (await MartTable.FindAsync(catalog, pipeline, from, version, asOf, cancellationToken), 0);
        }

        var cursor = QueryCursor.Parse(text, question);
        return (version ?? cursor.Version) != cursor.Version || asOf is not null
            ? throw new QueryException($"The cursor is of version {cursor.Version}: leave out 'version' and 'asOf', or ask anew.")
            : (await MartTable.FindAsync(catalog, pipeline, from, cursor.Version, null, cancellationToken), cursor.Offset);
    }

    private async Task<MartRows> RowsAsync(MartPage page, CancellationToken cancellationToken)
    {
        var limit = Limit(page.Limit, DefaultRows, RowLimit, "JSON", $"take CSV or Parquet, which have up to {FileRowLimit} rows, or page by 'cursor'");
        var reading = await MartReading.BeginAsync(gate, RowsPatience, clock, cancellationToken);
        try
        {
            var (select, fitted) = await OpenAsync(page, reading);
            return new MartRows(page.Table, reading, Paged(select, limit + 1, page.Offset), limit, rows => page.Next(rows)) { Tag = page.Tag(limit, MartFormat.Json), Fitted = fitted };
        }
        catch
        {
            reading.Dispose();
            throw;
        }
    }

    private async Task<MartFile> FileAsync(MartPage page, MartFormat format, CancellationToken cancellationToken)
    {
        var limit = Limit(page.Limit, FileRowLimit, FileRowLimit, "a file", "page by 'cursor'");
        var reading = await MartReading.BeginAsync(gate, FilePatience, clock, cancellationToken);
        try
        {
            var (select, fitted) = await OpenAsync(page, reading);
            var path = System.IO.Path.Combine(reading.Session.TempDirectory, System.IO.Path.GetRandomFileName());
            var written = reading.Do(() => reading.Session.Execute(
                $"copy (select {DeltaTypes.Normalise(reading.Session.Describe(select))} from ({Paged(select, limit, page.Offset)})) to {Sql.Literal(path)} ({(format == MartFormat.Csv ? "format csv, header true" : "format parquet, compression zstd")})",
                reading.Token));
            return new MartFile(reading, path)
            {
                Version = page.Table.Snapshot.Version,
                Rows = written,
                Tag = page.Tag(limit, format),
                Next = written == limit ? page.Next(written) : null,
                Fitted = fitted,
            };
        }
        catch
        {
            reading.Dispose();
            throw;
        }
    }

    private async Task<(string Select, FittedFeatures? Fitted)> OpenAsync(MartPage page, MartReading reading, string? reads = null)
    {
        await reading.OpenAsync(sessions, page.Table, reads ?? page.Reads, page.InOneThread);
        return reading.Do(() => page.Select(reading.Session, reading.Token));
    }

    private static string Paged(string select, long limit, long offset) => string.Create(CultureInfo.InvariantCulture, $"{select} limit {limit}{(offset == 0 ? "" : $" offset {offset}")}");

    private static int Limit(int? asked, int byDefault, int most, string what, string instead) => asked switch
    {
        null => byDefault,
        >= 1 when asked <= most => asked.Value,
        _ => throw new QueryException($"'limit' is {asked}: {what} has 1 to {most} rows. For more, {instead}; or group the rows."),
    };

    private sealed record MartPage(MartTable Table, string Question, long Offset, int? Limit)
    {
        /// <summary>A SELECT with the columns that are read: what is brought of a table that does not fit as a whole.</summary>
        public required string Reads { get; init; }

        /// <summary>Whether the same rows are to give the same digits: what several threads sum up differs in the last ones from one time to the next.</summary>
        public bool InOneThread { get; init; }

        /// <summary>Makes the SELECT that is answered; that of features first looks at the rows.</summary>
        public required Func<DuckDbSession, CancellationToken, (string Select, FittedFeatures? Fitted)> Select { get; init; }

        public string Next(long rows) => new QueryCursor(Table.Snapshot.Version, Offset + rows, Question).ToString();

        public string Tag(int limit, MartFormat format) => $"\"{QueryCursor.Hash(new { Table.Tag, Question, Offset, limit, format })}\"";
    }
}
