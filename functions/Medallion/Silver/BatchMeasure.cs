using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Silver;

/// <summary>Counts in one pass over the session's view <c>checked</c> what becomes of its rows, by check, column and partition.</summary>
internal sealed class BatchMeasure
{
    private readonly DuckDbSession session;
    private readonly SourceDefinition source;
    private readonly CleanSql sql;
    private readonly List<string> columns = [];
    private readonly List<string> aggregates = [];

    private BatchMeasure(DuckDbSession session, SourceDefinition source, CleanSql sql) => (this.session, this.source, this.sql) = (session, source, sql);

    /// <summary>Counts.</summary>
    public static MeasuredBatch Run(DuckDbSession session, SourceDefinition source, CleanSql sql, CancellationToken cancellationToken) =>
        new BatchMeasure(session, source, sql).Run(cancellationToken);

    private MeasuredBatch Run(CancellationToken cancellationToken)
    {
        var checks = sql.Checks.All;
        var parts = source.Partition is { } partition ? partition.As.Select(part => (Name: part, Value: $"{part}({Sql.Identifier(partition.By)})::integer")).ToList() : [];
        var lenient = checks.Where(c => c.Otherwise == RuleOutcome.Warn).Select(c => c.Fails).ToList();
        var rows = Count("true");
        var readable = Count("_error is null");
        var valid = Count("_valid");
        var warned = lenient.Count == 0 ? -1 : Count($"_valid and ({string.Join(" or ", lenient)})");
        var gold = Count($"_valid and {sql.IsGold}");
        var typed = source.Columns.Select(c => Count($"_error is null and {Sql.Identifier(c.Name)} is not null")).ToList();
        var failed = checks.Select(c => Count(c.Rule == SourceChecks.Malformed ? c.Fails : $"_error is null and {c.Fails}")).ToList();
        var about = checks.Select(c => c.When is { } when ? Count($"_error is null and {when}") : -1).ToList();
        var missing = source.Columns.Select((c, i) => MissingOf(c) is { } known && checks[known].When is null ? (Check: known, Count: -1) : (Check: -1, Count: Count($"_error is null and {SourceChecks.Missing(c, i)}"))).ToList();
        var samples = checks.Select((c, i) => Sample(c, failed[i])).ToList();
        var newest = Aggregate("epoch_ms(max(case when _newest <= run_time() then _newest end))");

        var select = $"select {string.Concat(parts.Select((p, i) => $"{p.Value} as _p{i}, "))}_file, _row, {NewestOf} as _newest, {string.Join(", ", columns)} from checked";
        var grouped = $"select {string.Join(", ", parts.Select((_, i) => $"_p{i}").Concat(aggregates))} from ({select}){(parts.Count == 0 ? "" : $" group by {string.Join(", ", parts.Select((_, i) => $"_p{i}"))}")}";
        var partitions = new List<MeasuredPartition>();
        var found = checks.Select(_ => (IReadOnlyList<FailedSample>)[]).ToArray();
        DateTimeOffset? newestUtc = null;
        using var result = session.Query(grouped, cancellationToken);
        foreach (var row in result.Rows())
        {
            long Of(int aggregate) => aggregate < 0 ? 0 : (long)(row[parts.Count + aggregate] ?? 0L);
            if (Of(rows) == 0)
            {
                continue;
            }

            var present = missing.Select((m, i) => m switch
            {
                { Count: >= 0 } => Of(readable) - Of(m.Count),
                _ when checks[m.Check].Scope == CheckScope.Present => Of(typed[i]) + Of(failed[m.Check]),
                _ => Of(readable) - Of(failed[m.Check]),
            }).ToList();
            partitions.Add(new MeasuredPartition
            {
                Name = string.Join('/', parts.Select((p, i) => string.Create(CultureInfo.InvariantCulture, $"{p.Name}={row[i] ?? "none"}"))),
                Rows = Of(rows),
                Readable = Of(readable),
                Valid = Of(valid),
                Warned = Of(warned),
                Gold = Of(gold),
                Present = present,
                Typed = [.. typed.Select(Of)],
                Failed = [.. failed.Select(Of)],
                Checked = [.. checks.Select((c, i) => c switch
                {
                    { Rule: SourceChecks.Malformed } => Of(rows),
                    { When: not null } => Of(about[i]),
                    { Scope: CheckScope.Present } => present[IndexOf(c)],
                    { Scope: CheckScope.Typed } => Of(typed[IndexOf(c)]),
                    _ => Of(readable),
                })],
            });
            for (var i = 0; i < found.Length; i++)
            {
                found[i] = FailedSample.First(found[i].Concat(Samples(row[parts.Count + samples[i]])));
            }

            if (row[parts.Count + newest] is long milliseconds && DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) is var time && (newestUtc is null || time > newestUtc))
            {
                newestUtc = time;
            }
        }

        return new MeasuredBatch { Partitions = [.. partitions.OrderBy(p => p.Name, StringComparer.Ordinal)], Samples = found, NewestUtc = newestUtc };
    }

    private string NewestOf => source.Quality.AgeOf is { } column ? $"{Sql.Identifier(column)}::timestamptz" : "_ingested_at";

    // A value that is not there is counted already where the type of what is there is checked, or that something is.
    private int? MissingOf(ColumnDefinition column)
    {
        for (var i = 0; i < sql.Checks.All.Count; i++)
        {
            var check = sql.Checks.All[i];
            if (check.Column == column.Name && (check.Rule == $"{column.Name}-type" || check.Rule == $"{column.Name}-required"))
            {
                return i;
            }
        }

        return null;
    }

    private int IndexOf(RowCheck check)
    {
        for (var i = 0; i < source.Columns.Count; i++)
        {
            if (source.Columns[i].Name == check.Column)
            {
                return i;
            }
        }

        throw new InvalidOperationException($"Rule '{check.Rule}' has no column.");
    }

    private int Count(string condition)
    {
        if (condition == "true")
        {
            return Aggregate("count(*)");
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"_c{columns.Count}");
        columns.Add($"({condition}) as {name}");
        return Aggregate($"count(*) filter ({name})");
    }

    // The condition of the count is computed once for both.
    private int Sample(RowCheck check, int failed)
    {
        var condition = aggregates[failed]["count(*) filter (".Length..^1];
        var name = string.Create(CultureInfo.InvariantCulture, $"_s{columns.Count}");
        columns.Add($"case when {check.Fails} then left({ValueOf(check)}, 200) end as {name}");
        return Aggregate($"to_json(min({{'file': _file, 'row': _row, 'value': {name}}}, {MeasuredBatch.SamplesPerCheck}) filter ({condition}))::varchar");
    }

    private string ValueOf(RowCheck check)
    {
        if (check.Column is not null || source.Rules.FirstOrDefault(r => r.Id == check.Rule) is not { } rule)
        {
            return check.Value;
        }

        var used = ScalarExpression.Parse(session, rule.Expect).Columns.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return used.Count == 0 ? "null" : $"to_json({{{string.Join(", ", used.Select(c => $"{Sql.Literal(c)}: {Sql.Identifier(c)}"))}}})::varchar";
    }

    private int Aggregate(string aggregate)
    {
        aggregates.Add(aggregate);
        return aggregates.Count - 1;
    }

    private static IReadOnlyList<FailedSample> Samples(object? json) => json is string text ? JsonSerializer.Deserialize<IReadOnlyList<FailedSample>>(text, Json.Options) ?? [] : [];
}
