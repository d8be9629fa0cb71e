using System.Diagnostics;
using System.Text.Json.Nodes;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Mart;

/// <summary>Rows as an answer of the API.</summary>
public sealed record QueryAnswer
{
    /// <summary>The columns.</summary>
    public required IReadOnlyList<DuckDbColumn> Columns { get; init; }

    /// <summary>The rows; dates and times as ISO 8601, binary as base64, numbers beyond a double's range as text.</summary>
    public required IReadOnlyList<JsonArray> Rows { get; init; }

    /// <summary>Whether there are more rows than the limit.</summary>
    public required bool Truncated { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Reads a result up to a limit.</summary>
    /// <exception cref="QueryException">A value is longer than 1 MiB.</exception>
    internal static QueryAnswer Read(DuckDbResult result, int limit)
    {
        var watch = Stopwatch.StartNew();
        var rows = new List<JsonArray>();
        var truncated = false;
        while (result.Read())
        {
            if (rows.Count == limit)
            {
                truncated = true;
                break;
            }

            rows.Add([.. result.Columns.Select((column, i) => JsonValues.Of(result[i], column.Name))]);
        }

        return new QueryAnswer { Columns = result.Columns, Rows = rows, Truncated = truncated, Seconds = watch.Elapsed.TotalSeconds };
    }
}

/// <summary>A question that cannot be answered as it was put.</summary>
public sealed class QueryException(string message, Exception? innerException = null) : Lakehouse.TerminalException(message, innerException);
