using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Silver;

/// <summary>Counts what becomes of rows, by check, column and partition: in one pass over all of them what is counted of any row, then in one over the rejected ones the checks that
/// reject, which no other row fails.</summary>
internal sealed class BatchMeasure
{
    private readonly DuckDbSession session;
    private readonly SourceDefinition source;
    private readonly CleanSql sql;
    private readonly IReadOnlyList<(string Name, string Value)> parts;

    private BatchMeasure(DuckDbSession session, SourceDefinition source, CleanSql sql)
    {
        (this.session, this.source, this.sql) = (session, source, sql);
        parts = source.Partition is { } partition ? [.. partition.As.Select(part => (part, $"{part}({Sql.Identifier(partition.By)})::integer"))] : [];
    }

    private IReadOnlyList<RowCheck> Checks => sql.Checks.All;

    /// <summary>Counts.</summary>
    /// <param name="session">Its view <c>checked</c> has all rows, its table <c>refused</c> names the rejected ones.</param>
    /// <param name="source">The source.</param>
    /// <param name="sql">Its SQL.</param>
    /// <param name="refused">How many rows are rejected.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    public static MeasuredBatch Run(DuckDbSession session, SourceDefinition source, CleanSql sql, long refused, CancellationToken cancellationToken)
    {
        var measure = new BatchMeasure(session, source, sql);
        var all = measure.Count(c => c.Otherwise != RuleOutcome.Reject, ofRefused: false, cancellationToken);
        if (refused == 0)
        {
            return measure.Join(all, null);
        }

        sql.Show(session, valid: false);
        return measure.Join(all, measure.Count(c => c.Otherwise == RuleOutcome.Reject, ofRefused: true, cancellationToken));
    }

    // What all rows and rejected rows add up to.
    private MeasuredBatch Join(Counted all, Counted? refused)
    {
        var rejected = refused?.Partitions.ToDictionary(p => p.Name) ?? [];
        return new MeasuredBatch
        {
            Partitions = [.. all.Partitions.Select(p => Join(p, rejected.GetValueOrDefault(p.Name))).OrderBy(p => p.Name, StringComparer.Ordinal)],
            Samples = [.. Checks.Select((c, i) => c.Otherwise == RuleOutcome.Reject ? refused?.Samples[i] ?? [] : all.Samples[i])],
            Sums = SumPair.Add(all.Sums, [.. refused?.Sums.Select(s => s.Negate()) ?? []]),
            NewestUtc = all.NewestUtc,
        };
    }

    private MeasuredPartition Join(PartitionCounts all, PartitionCounts? refused)
    {
        var failed = Checks.Select((c, i) => c.Otherwise == RuleOutcome.Reject ? refused?.Failed[i] ?? 0 : all.Failed[i]).ToList();
        var present = source.Columns.Select((c, i) => all.Missing[i] is { } missing ? all.Readable - missing : PresentBy(c, all.Readable, all.Typed[i], failed)).ToList();
        return new MeasuredPartition
        {
            Name = all.Name,
            Rows = all.Rows,
            Readable = all.Readable,
            Valid = all.Rows - (refused?.Rows ?? 0),
            Warned = all.Warned - (refused?.Warned ?? 0),
            Gold = all.Gold - (refused?.Gold ?? 0),
            Present = present,
            Typed = all.Typed,
            Failed = failed,
            Checked = [.. Checks.Select((c, i) => c switch
            {
                { Rule: SourceChecks.Malformed } => all.Rows,
                { When: not null } => all.About[i],
                { Scope: CheckScope.Present } => present[IndexOf(c)],
                { Scope: CheckScope.Typed } => all.Typed[IndexOf(c)],
                _ => all.Readable,
            })],
        };
    }

    private Counted Count(Func<RowCheck, bool> isAsked, bool ofRefused, CancellationToken cancellationToken)
    {
        var columns = new List<string>();
        var aggregates = new List<string>();
        var lenient = Checks.Where(c => c.Otherwise == RuleOutcome.Warn).Select(c => c.Fails).ToList();
        var rows = Aggregate("count(*)");
        var readable = Rows("_error is null");
        var warned = lenient.Count == 0 ? -1 : Rows($"_error is null and ({string.Join(" or ", lenient)})");
        var gold = Rows($"_error is null and {sql.IsGold}");
        var typed = source.Columns.Select(c => ofRefused ? -1 : Rows($"_error is null and {Sql.Identifier(c.Name)} is not null")).ToList();
        var missing = source.Columns.Select((c, i) => ofRefused || KnownBy(c) is not null ? -1 : Rows($"_error is null and {SourceChecks.Missing(c, i)}")).ToList();
        var about = Checks.Select(c => c.When is { } when && !ofRefused ? Rows($"_error is null and {when}") : -1).ToList();
        var failed = Checks.Select(c => isAsked(c) ? Rows(c.Rule == SourceChecks.Malformed ? c.Fails : $"_error is null and {c.Fails}") : -1).ToList();
        var samples = Checks.Select((c, i) => failed[i] < 0 ? -1 : Sample(c, failed[i])).ToList();
        var sums = source.Sums.Select(s => (Left: Total(s.Sum), Right: Total(s.EqualTo))).ToList();
        var newest = Aggregate("epoch_ms(max(case when _newest <= run_time() then _newest end))");

        var select = $"select {string.Concat(parts.Select((p, i) => $"{p.Value} as _p{i}, "))}_file, _row, {NewestOf} as _newest, {string.Join(", ", columns)} from checked";
        var groups = string.Join(", ", parts.Select((_, i) => $"_p{i}"));
        using var result = session.Query(
            $"select {string.Join(", ", parts.Select((_, i) => $"_p{i}").Concat(aggregates))} from ({select}){(parts.Count == 0 ? "" : $" group by {groups}")}", cancellationToken);
        var partitions = new List<PartitionCounts>();
        var found = Checks.Select(_ => (IReadOnlyList<FailedSample>)[]).ToArray();
        DateTimeOffset? newestUtc = null;
        IReadOnlyList<SumPair> totals = [];
        foreach (var row in result.Rows())
        {
            long Of(int aggregate) => aggregate < 0 ? 0 : (long)(row[parts.Count + aggregate] ?? 0L);
            if (Of(rows) == 0)
            {
                continue;
            }

            partitions.Add(new PartitionCounts
            {
                Name = string.Join('/', parts.Select((p, i) => string.Create(CultureInfo.InvariantCulture, $"{p.Name}={row[i] ?? "none"}"))),
                Rows = Of(rows),
                Readable = Of(readable),
                Warned = Of(warned),
                Gold = Of(gold),
                Typed = [.. typed.Select(Of)],
                Missing = [.. missing.Select(m => m < 0 ? (long?)null : Of(m))],
                About = [.. about.Select(Of)],
                Failed = [.. failed.Select(Of)],
            });
            for (var i = 0; i < found.Length; i++)
            {
                found[i] = samples[i] < 0 ? [] : FailedSample.First(found[i].Concat(Samples(row[parts.Count + samples[i]])));
            }

            totals = SumPair.Add(totals, [.. sums.Select(s => new SumPair(Number(row[parts.Count + s.Left]), Number(row[parts.Count + s.Right])))]);
            if (row[parts.Count + newest] is long milliseconds && DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) is var time && (newestUtc is null || time > newestUtc))
            {
                newestUtc = time;
            }
        }

        return new Counted(partitions, found, totals, newestUtc);

        int Aggregate(string aggregate)
        {
            aggregates.Add(aggregate);
            return aggregates.Count - 1;
        }

        int Rows(string condition)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"_c{columns.Count}");
            columns.Add($"({condition}) as {name}");
            return Aggregate($"count(*) filter ({name})");
        }

        // Exact up to six digits behind the point, as money needs it.
        int Total(string expression)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"_t{columns.Count}");
            columns.Add($"case when _error is null then try_cast(({expression}\n) as decimal(24,6)) end as {name}");
            return Aggregate($"sum({name})");
        }

        // The condition of the count is computed once for both.
        int Sample(RowCheck check, int count)
        {
            var condition = aggregates[count]["count(*) filter (".Length..^1];
            var name = string.Create(CultureInfo.InvariantCulture, $"_s{columns.Count}");
            columns.Add($"case when {check.Fails} then left({ValueOf(check)}, 200) end as {name}");
            return Aggregate($"to_json(min({{'file': _file, 'row': _row, 'value': {name}}}, {MeasuredBatch.SamplesPerCheck}) filter ({condition}))::varchar");
        }
    }

    private string NewestOf => source.Quality.AgeOf is { } column ? $"{Sql.Identifier(column)}::timestamptz" : "_ingested_at";

    // A value that is not there is counted already where the type of what is there is checked, or that something is.
    private int? KnownBy(ColumnDefinition column)
    {
        for (var i = 0; i < Checks.Count; i++)
        {
            var check = Checks[i];
            if (check.Column == column.Name && check.When is null && (check.Rule == $"{column.Name}-type" || check.Rule == $"{column.Name}-required"))
            {
                return i;
            }
        }

        return null;
    }

    private long PresentBy(ColumnDefinition column, long readable, long typed, IReadOnlyList<long> failed)
    {
        var known = KnownBy(column) ?? throw new InvalidOperationException($"Nothing tells what is missing of '{column.Name}'.");
        return Checks[known].Scope == CheckScope.Present ? typed + failed[known] : readable - failed[known];
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

    private string ValueOf(RowCheck check)
    {
        if (check.Column is not null || source.Rules.FirstOrDefault(r => r.Id == check.Rule) is not { } rule)
        {
            return check.Value;
        }

        var used = ScalarExpression.Parse(session, rule.Expect).Columns.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return used.Count == 0 ? "null" : $"to_json({{{string.Join(", ", used.Select(c => $"{Sql.Literal(c)}: {Sql.Identifier(c)}"))}}})::varchar";
    }

    private static decimal Number(object? sum) => sum switch
    {
        null => 0,
        decimal number => number,
        _ => throw new Lakehouse.TerminalException($"A sum of a rule is {sum}: expected at most 28 digits."),
    };

    private static IReadOnlyList<FailedSample> Samples(object? json) => json is string text ? JsonSerializer.Deserialize<IReadOnlyList<FailedSample>>(text, Json.Options) ?? [] : [];

    private sealed record Counted(IReadOnlyList<PartitionCounts> Partitions, IReadOnlyList<IReadOnlyList<FailedSample>> Samples, IReadOnlyList<SumPair> Sums, DateTimeOffset? NewestUtc);

    private sealed record PartitionCounts
    {
        public required string Name { get; init; }

        public required long Rows { get; init; }

        public required long Readable { get; init; }

        public required long Warned { get; init; }

        public required long Gold { get; init; }

        public required IReadOnlyList<long> Typed { get; init; }

        /// <summary>Null where a check tells.</summary>
        public required IReadOnlyList<long?> Missing { get; init; }

        public required IReadOnlyList<long> About { get; init; }

        public required IReadOnlyList<long> Failed { get; init; }
    }
}
