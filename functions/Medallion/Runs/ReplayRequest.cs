using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>Rejected rows that are to be tried again by the rules of now.</summary>
public sealed record ReplayRequest
{
    /// <summary>The table of silver that they were meant for.</summary>
    public required TableKey Table { get; init; }

    /// <summary>Only rows that failed this rule; null: whatever they failed.</summary>
    public string? Rule { get; init; }

    /// <summary>Only rows rejected at this time or later.</summary>
    public DateTimeOffset? FromUtc { get; init; }

    /// <summary>Only rows rejected before this time.</summary>
    public DateTimeOffset? ToUtc { get; init; }

    /// <summary>By column of silver, SQL over the raw row that gives its value instead of what the definition says; for these rows and this time only.</summary>
    public IReadOnlyDictionary<string, string> Fix { get; init; } = new Dictionary<string, string>();

    /// <summary>Which rows, in words.</summary>
    public override string ToString()
    {
        var rows = new List<string>();
        rows.AddRange(Rule is null ? [] : [$"that failed '{Rule}'"]);
        rows.AddRange(FromUtc is null ? [] : [$"rejected from {FromUtc:O}"]);
        rows.AddRange(ToUtc is null ? [] : [$"rejected before {ToUtc:O}"]);
        return $"{(rows.Count == 0 ? "all rows" : $"rows {string.Join(", ", rows)}")}{(Fix.Count == 0 ? "" : $", with {string.Join(", ", Fix.Select(f => $"{f.Key} = {f.Value}"))}")}";
    }

    /// <summary>The source as the fixes change it.</summary>
    /// <param name="session">Checks them: each is one expression over one row, which reads nothing else and makes no value of any length.</param>
    /// <param name="source">The source, with its columns.</param>
    /// <param name="raw">The columns of bronze.</param>
    /// <exception cref="TerminalException">A fix is for a column that there is not, or is no such expression.</exception>
    internal SourceDefinition Apply(DuckDbSession session, SourceDefinition source, IReadOnlyCollection<string> raw)
    {
        var parsed = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (name, expression) in Fix)
        {
            if (source.Columns.All(c => c.Name != name))
            {
                throw new TerminalException($"The fix is for '{name}', which is not a column of {Table}: expected one of {string.Join(", ", source.Columns.Select(c => c.Name))}.");
            }

            parsed[name] = Parse(session, name, expression).Columns;
            if (parsed[name].FirstOrDefault(c => !raw.Contains(c, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            {
                throw new TerminalException($"The fix of '{name}' reads '{unknown}', which is not a column of bronze.{source.Name}: expected one of {string.Join(", ", raw)}.");
            }
        }

        return source with { Columns = [.. source.Columns.Select(c => Fix.TryGetValue(c.Name, out var fix) ? c with { Expr = fix, From = null, Reads = [.. c.Expr is null ? [c.From ?? c.Name] : c.Reads, .. parsed[c.Name]] } : c)] };
    }

    private static ScalarExpression Parse(DuckDbSession session, string name, string expression)
    {
        try
        {
            return ScalarExpression.Parse(session, expression, boundSizes: true);
        }
        catch (DuckDbException error)
        {
            throw new TerminalException($"The fix of '{name}' cannot be used: {error.Message}", error);
        }
    }
}

/// <summary>A replay of a clean step.</summary>
/// <param name="Request">Which rows.</param>
/// <param name="Version">The version of bronze that is read: the one that silver has seen.</param>
public sealed record PlannedReplay(ReplayRequest Request, long Version);
