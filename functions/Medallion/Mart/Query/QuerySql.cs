using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Mart.Query;

/// <summary>A question as one SELECT, without its page: names are columns of the table, values literals.</summary>
internal sealed class QuerySql
{
    /// <summary>How many columns, groups and aggregates are asked for at most.</summary>
    public const int MaxColumns = 1000;

    private readonly MartQuery query;
    private readonly TableKey table;
    private readonly MartColumns columns;
    private readonly IReadOnlyList<MetricDefinition> metrics;
    private readonly List<(string Expression, string Name)> answer = [];

    private QuerySql(MartQuery query, TableKey table, MartColumns columns, IReadOnlyList<MetricDefinition> metrics) =>
        (this.query, this.table, this.columns, this.metrics) = (query, table, columns, metrics);

    private bool IsGrouped => query.GroupBy.Count > 0 || query.Aggregates.Count > 0;

    /// <summary>The SELECT.</summary>
    /// <param name="query">The question.</param>
    /// <param name="table">Its table, which the SELECT names.</param>
    /// <param name="columns">The table's columns.</param>
    /// <param name="metrics">The metrics that the pipeline declares over the table.</param>
    /// <param name="describe">Binds a SELECT; asked only where groups are filtered.</param>
    /// <exception cref="QueryException">The question names what is not there, or what does not go together.</exception>
    public static string Of(MartQuery query, TableKey table, MartColumns columns, IReadOnlyList<MetricDefinition> metrics, Func<string, IReadOnlyList<DuckDbColumn>> describe) =>
        new QuerySql(query, table, columns, metrics).Build(describe);

    private string Build(Func<string, IReadOnlyList<DuckDbColumn>> describe)
    {
        if (query.Columns.Count + query.GroupBy.Count + query.Aggregates.Count + query.OrderBy.Count > MaxColumns)
        {
            throw new QueryException($"The question names more than {MaxColumns} columns.");
        }

        var (groups, order) = IsGrouped ? (Groups(), "") : Rows();
        if (answer.GroupBy(a => a.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(n => n.Count() > 1) is { } twice)
        {
            throw new QueryException($"The answer would have two columns '{MartColumns.Echo(twice.Key)}': give one another name with 'as'.");
        }

        var where = query.Where is { } filter ? $" where {FilterSql.Of(filter, columns, "where")}" : "";
        var select = $"select {string.Join(", ", answer.Select(a => $"{a.Expression} as {Sql.Identifier(a.Name)}"))} from {table.Layer}.{Sql.Identifier(table.Name)}{where}{groups}{order}";
        return IsGrouped ? $"select * from ({select}){Having(select, describe)}{GroupOrder()}" : select;
    }

    private (string Groups, string Order) Rows()
    {
        if (query.Having is not null)
        {
            throw new QueryException("'having' filters groups, and the question makes none: use 'where'.");
        }

        var chosen = query.Columns.Count == 0 ? columns.All : [.. query.Columns.Select(c => columns.Find(c, "columns"))];
        answer.AddRange(chosen.Select(c => (c.Sql, c.Name)));
        if (query.OrderBy.Count == 0)
        {
            return ("", "");
        }

        var named = query.OrderBy.Select(o => (columns.Find(o.Column, "orderBy"), o.Descending)).ToList();
        var rest = chosen.Where(c => named.TrueForAll(n => n.Item1 != c));
        return ("", $" order by {string.Join(", ", named.Select(n => Order(n.Item1.Sql, n.Descending)).Concat(rest.Select(c => c.Sql)))}");
    }

    private string Groups()
    {
        if (query.Columns.Count > 0)
        {
            throw new QueryException("'columns' is for rows, and the question makes groups: name columns in 'groupBy' or 'aggregates'.");
        }

        foreach (var group in query.GroupBy)
        {
            var column = columns.Find(group.Column, "groupBy");
            answer.Add((Grained(column, group.Grain, "groupBy"), group.As ?? column.Name));
        }

        foreach (var aggregate in query.Aggregates)
        {
            answer.Add(Aggregate(aggregate));
        }

        return query.GroupBy.Count == 0 ? "" : $" group by {string.Join(", ", Enumerable.Range(1, query.GroupBy.Count))}";
    }

    private string Having(string select, Func<string, IReadOnlyList<DuckDbColumn>> describe) =>
        query.Having is { } filter ? $" where {FilterSql.Of(filter, MartColumns.Of("the answer", describe(select)), "having")}" : "";

    private string GroupOrder()
    {
        var names = answer.ConvertAll(a => a.Name);
        var named = query.OrderBy.Select(o => (names.Find(n => string.Equals(n, o.Column, StringComparison.OrdinalIgnoreCase))
            ?? throw new QueryException($"orderBy: the answer has no column '{MartColumns.Echo(o.Column)}'. It has {string.Join(", ", names)}."), o.Descending)).ToList();
        var rest = names.Take(query.GroupBy.Count).Where(g => named.TrueForAll(n => n.Item1 != g));
        var order = named.Select(n => Order(Sql.Identifier(n.Item1), n.Descending)).Concat(rest.Select(Sql.Identifier)).ToList();
        return order.Count == 0 ? "" : $" order by {string.Join(", ", order)}";
    }

    private static string Order(string column, bool descending) => $"{column}{(descending ? " desc" : "")} nulls last";

    /// <summary>A column, cut to a length of time where one is given.</summary>
    /// <exception cref="QueryException">The column is no date or time, or a date that is to be cut to less than a day.</exception>
    public static string Grained(MartColumn column, MartGrain? grain, string use) => grain switch
    {
        null => column.Sql,
        MartGrain.Minute or MartGrain.Hour when column.IsDate => throw new QueryException($"{use}: '{column.Name}' is a date, which has no {Name(grain)}: day, week, month, quarter or year."),
        _ when column.IsDate => $"date_trunc('{Name(grain)}', {column.Sql})::date",
        _ when column.IsTime => $"date_trunc('{Name(grain)}', {column.Sql})",
        _ => throw new QueryException($"{use}: '{column.Name}' is {column.Kind}: 'grain' is for dates and times."),
    };

    private (string Expression, string Name) Aggregate(MartAggregate aggregate)
    {
        if (aggregate.Metric is { } name)
        {
            var metric = metrics.FirstOrDefault(m => m.Name == name) ?? throw new QueryException(
                $"aggregates: pipeline '{query.Pipeline}' has no metric '{MartColumns.Echo(name)}' over {table}. It has {(metrics.Count == 0 ? "none there" : string.Join(", ", metrics.Select(m => m.Name)))}.");
            return aggregate is { Function: null, Column: null, Quantile: null }
                ? ($"({metric.Expr}\n)", aggregate.As ?? metric.Name)
                : throw new QueryException($"aggregates: metric '{name}' says itself what is computed: leave out 'function', 'column' and 'quantile'.");
        }

        var function = aggregate.Function ?? throw new QueryException("aggregates: each has a 'function' or a 'metric'.");
        if (function == MartFunction.Quantile != aggregate.Quantile is not null || aggregate.Quantile is not (null or >= 0 and <= 1))
        {
            throw new QueryException($"aggregates: {Name(function)} {(function == MartFunction.Quantile ? "needs 'quantile', a number from 0 to 1" : "takes no 'quantile'")}.");
        }

        if (aggregate.Column is null)
        {
            return function == MartFunction.Count ? ("count(*)", aggregate.As ?? "count") : throw new QueryException($"aggregates: {Name(function)} needs a 'column'; only count can do without.");
        }

        var column = columns.Find(aggregate.Column, "aggregates");
        return (Expression(function, column, aggregate.Quantile), aggregate.As ?? $"{Words(function)}_{column.Name}");
    }

    // A sum of whole numbers is one that a table can hold.
    private static string Expression(MartFunction function, MartColumn column, double? quantile) => function switch
    {
        MartFunction.Count => $"count({column.Sql})",
        MartFunction.CountDistinct => $"count(distinct {column.Sql})",
        MartFunction.Min => $"min({column.Sql})",
        MartFunction.Max => $"max({column.Sql})",
        _ when !column.IsNumber => throw new QueryException($"aggregates: '{column.Name}' is {column.Kind}, and {Name(function)} is of numbers."),
        MartFunction.Sum => column.IsInteger ? $"cast(sum({column.Sql}) as decimal(38, 0))" : $"sum({column.Sql})",
        MartFunction.Average => $"avg({column.Sql})",
        MartFunction.Median => $"median({column.Sql})",
        MartFunction.StandardDeviation => $"stddev_samp({column.Sql})",
        MartFunction.Quantile => string.Create(CultureInfo.InvariantCulture, $"quantile_cont({column.Sql}, {quantile:R})"),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    private static string Name<T>(T value) => JsonNamingPolicy.CamelCase.ConvertName(value?.ToString() ?? "");

    private static string Words(MartFunction function) => JsonNamingPolicy.SnakeCaseLower.ConvertName(function.ToString());
}
