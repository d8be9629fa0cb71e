using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Mart.Features;

/// <summary>A question for features as SQL: two passes over the rows find what is to be fitted, in one statement each; the SELECT that is answered has it as constants.</summary>
internal sealed class FeatureSql
{
    private const int MaxFeatures = 500;
    private const int MaxOutputs = 5000;
    private readonly FeatureQuery query;
    private readonly string source;
    private readonly bool isFiltered;
    private readonly IReadOnlyList<MartColumn> keys;
    private readonly IReadOnlyList<FeatureKind> features;

    public FeatureSql(FeatureQuery query, TableKey table, MartColumns columns)
        : this(query, $"{table.Layer}.{Sql.Identifier(table.Name)}", columns)
    {
    }

    /// <summary>A question about a relation that SQL can name: a table, or a SELECT in brackets.</summary>
    public FeatureSql(FeatureQuery query, string relation, MartColumns columns)
    {
        if (query.Features.Count is 0 or > MaxFeatures)
        {
            throw new QueryException($"The question names {query.Features.Count} features: expected 1 to {MaxFeatures}.");
        }

        this.query = query;
        keys = [.. query.Key.Select(k => columns.Find(k, "key"))];
        features = [.. query.Features.Select(f => FeatureKind.Of(f, columns.Find(f.Column, "features")))];
        var where = query.Where is { } filter ? $" where ({FilterSql.Of(filter, columns, "where")})" : "";
        source = $"{relation}{where}";
        isFiltered = where.Length > 0;
    }

    /// <summary>A SELECT with the columns that are read.</summary>
    public string Reads => $"select {string.Join(", ", keys.Select(k => k.Sql).Concat(features.Select(f => f.Column.Sql)).Distinct())} from {source}";

    /// <summary>Fits what is to be fitted, and makes the SELECT.</summary>
    /// <exception cref="QueryException">Values are missing or cannot become a number, or <c>fitted</c> is of other features.</exception>
    public (string Select, FittedFeatures? Fitted) Build(DuckDbSession session, CancellationToken cancellationToken)
    {
        var counts = Check(session, cancellationToken);
        var fitted = query.Fitted is { } given ? Checked(given) : Fit(session, counts, cancellationToken);
        CheckFitted(session, fitted, cancellationToken);
        return (Select(fitted), fitted);
    }

    /// <summary>A SELECT made the way they were fitted, without the rows that <see cref="Build"/> would refuse.</summary>
    /// <exception cref="QueryException"><c>fitted</c> is of other features.</exception>
    public string Sound(FittedFeatures given)
    {
        var fitted = Checked(given);
        var missing = features.Where(f => f.Wanted.Impute is null && !f.TakesMissing).Select(f => f.IsMissing);
        var refused = features.Select((f, i) => f.Refuses(fitted.Columns[i])?.Condition).OfType<string>();
        return $"{Select(fitted)}{string.Concat(missing.Concat(refused).Select((condition, i) => $"{(i == 0 && !isFiltered ? " where" : " and")} ({condition}) is not true"))}";
    }

    private string Select(FittedFeatures fitted)
    {
        var outputs = keys.Select(k => (Name: k.Name, Sql: k.Sql))
            .Concat(features.SelectMany((feature, i) => feature.Outputs(fitted.Columns[i])))
            .ToList();
        if (outputs.Count > MaxOutputs)
        {
            throw new QueryException($"The features would be {outputs.Count} columns: at most {MaxOutputs} are made. Encode with fewer columns.");
        }

        if (outputs.GroupBy(o => o.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(n => n.Count() > 1) is { } twice)
        {
            throw new QueryException($"The answer would have two columns '{MartColumns.Echo(twice.Key)}': name each column once.");
        }

        return $"select {string.Join(", ", outputs.Select(o => $"{o.Sql} as {Sql.Identifier(o.Name)}"))} from {source}";
    }

    // How many values each feature lacks: without something that stands for them the rows have no features.
    private long Check(DuckDbSession session, CancellationToken cancellationToken)
    {
        var values = Row(session, $"select count(*), {string.Join(", ", features.Select(f => $"count(*) filter (where {f.IsMissing})"))} from {source}", cancellationToken);
        foreach (var (feature, i) in features.Select((f, i) => (f, i)))
        {
            if (values[i + 1] is var missing and > 0 && feature.Wanted.Impute is null && !feature.TakesMissing)
            {
                throw new QueryException($"features: '{feature.Column.Name}' has {missing:0} of {values[0]:0} rows without a {(feature.Column.IsNumber ? "finite number" : "value")}: say with 'impute' what stands for them, or leave those rows out with 'where'.");
            }
        }

        return (long)(values[0] ?? 0);
    }

    private FittedFeatures Checked(FittedFeatures given)
    {
        if (given.Columns.Count != features.Count || given.Columns.Zip(features).FirstOrDefault(p => p.First.Column != p.Second.Column.Name || !p.Second.Fits(p.First)) is { First: not null })
        {
            throw new QueryException($"'fitted' is of other features: expected those of {string.Join(", ", features.Select(f => f.Column.Name))}, each with what its 'impute', 'clip', 'scale' and 'encode' find. Send what an answer to the same 'features' gave.");
        }

        return given;
    }

    private FittedFeatures Fit(DuckDbSession session, long rows, CancellationToken cancellationToken)
    {
        var first = Aggregates(session, features.Select(f => f.FirstPass), cancellationToken);
        var columns = features.Select((f, i) => f.AfterFirst(first[i], rows)).ToList();
        var second = Aggregates(session, features.Select((f, i) => f.SecondPass(columns[i])), cancellationToken);
        for (var i = 0; i < columns.Count; i++)
        {
            columns[i] = features[i].AfterSecond(columns[i], second[i]);
            if (features[i].CategorySql(source) is { } select)
            {
                using var found = session.Query(select, cancellationToken);
                columns[i] = columns[i] with { Categories = [.. found.Rows().Select(r => (string?)r[0] ?? "")] };
            }
        }

        return new FittedFeatures(columns, rows);
    }

    // What only shows once everything is fitted: logarithms of what has none, categories nobody knows.
    private void CheckFitted(DuckDbSession session, FittedFeatures fitted, CancellationToken cancellationToken)
    {
        var checks = features.Select((f, i) => f.Refuses(fitted.Columns[i])).ToList();
        if (checks.TrueForAll(c => c is null))
        {
            return;
        }

        var counts = Row(session, $"select {string.Join(", ", checks.Select(c => c is null ? "0" : $"count(*) filter (where {c.Value.Condition})"))} from {source}", cancellationToken);
        for (var i = 0; i < checks.Count; i++)
        {
            if (checks[i] is { } check && counts[i] > 0)
            {
                throw new QueryException($"features: '{features[i].Column.Name}' has {counts[i]:0} rows {check.Message}");
            }
        }
    }

    private IReadOnlyList<IReadOnlyList<double?>> Aggregates(DuckDbSession session, IEnumerable<IReadOnlyList<string>> wanted, CancellationToken cancellationToken)
    {
        var lists = wanted.ToList();
        var all = lists.SelectMany(l => l).ToList();
        var values = all.Count == 0 ? [] : Row(session, $"select {string.Join(", ", all)} from (select * from {source})", cancellationToken);
        var start = 0;
        return [.. lists.Select(l =>
        {
            start += l.Count;
            return values[(start - l.Count)..start];
        })];
    }

    private static double?[] Row(DuckDbSession session, string sql, CancellationToken cancellationToken)
    {
        using var result = session.Query(sql, cancellationToken);
        return result.Read()
            ? [.. Enumerable.Range(0, result.Columns.Count).Select(i => result[i] is null ? (double?)null : Convert.ToDouble(result[i], CultureInfo.InvariantCulture))]
            : throw new QueryException("The rows could not be looked at.");
    }

    /// <summary>A number as SQL that reads back as the same double.</summary>
    internal static string Number(double value) => $"'{value.ToString("R", CultureInfo.InvariantCulture)}'::double";

    internal static string Name<T>(T value) => JsonNamingPolicy.CamelCase.ConvertName(value?.ToString() ?? "");
}
