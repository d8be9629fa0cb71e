using System.Data.Common;
using System.Globalization;
using System.Text;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Rows of a database that are being read, batch after batch, as a table of a session. What it holds at a time is bounded.</summary>
/// <param name="session">The session.</param>
/// <param name="columns">The columns, in the order of the rows.</param>
/// <param name="batchBytes">From this size on a batch is full.</param>
internal sealed class WireTable(DuckDbSession session, IReadOnlyList<SqlColumn> columns, long batchBytes) : IDisposable
{
    private const string Table = "wire";
    private DuckDbAppender? appender;
    private long bytes;

    /// <summary>Rows of the batch.</summary>
    public long Rows { get; private set; }

    /// <summary>Whether the batch is to be taken before more rows come.</summary>
    public bool IsFull => bytes >= batchBytes;

    /// <summary>Begins a batch.</summary>
    public void Begin()
    {
        session.Execute($"create or replace temp table {Table} ({string.Join(", ", columns.Select((c, i) => $"{NameOf(i)} {c.WireType}"))})");
        (appender, bytes, Rows) = (session.Append(Table), 0, 0);
    }

    /// <summary>Ends the batch; its rows can be read.</summary>
    public void End()
    {
        appender?.Complete();
        appender?.Dispose();
        appender = null;
    }

    /// <summary>The rows as bronze has them, with <c>_error</c> and <c>_raw</c>.</summary>
    public string Select()
    {
        var problems = columns.Select((c, i) => (Column: c, Wire: NameOf(i))).Where(c => c.Column.IsPartial)
            .Select(c => $"case when {c.Wire} is not null and ({SqlColumn.Format(c.Column.Value, c.Wire)}) is null then {Sql.Literal($"{c.Column.Name} is a {c.Column.SourceType} that no {c.Column.Type} can hold")} end").ToList();
        var error = problems.Count == 0 ? "null::varchar" : $"nullif(concat_ws('; ', {string.Join(", ", problems)}), '')";
        var raw = $"to_json({{{string.Join(", ", columns.Select((c, i) => $"{Sql.Literal(c.Name)}: {(c.Wire == Wire.Bytes ? $"to_base64({NameOf(i)})" : NameOf(i))}"))}}})::varchar";
        return $"select {string.Join(", ", columns.Select((c, i) => c.ToSql(NameOf(i))))}, {error} as _error, case when {error} is not null then {raw} end as _raw from {Table}";
    }

    /// <summary>Adds a whole number to the row that was begun.</summary>
    public void Add(long value)
    {
        Appender.AppendNumber(value);
        bytes += sizeof(long);
    }

    /// <summary>Adds a floating-point number to the row that was begun.</summary>
    public void Add(double value)
    {
        Appender.AppendReal(value);
        bytes += sizeof(double);
    }

    /// <summary>Adds a text or bytes, as the column is.</summary>
    public void Add(int column, ReadOnlySpan<byte> value)
    {
        if (columns[column].Wire == Wire.Bytes)
        {
            Appender.AppendBytes(value);
        }
        else
        {
            Appender.AppendText(value);
        }

        bytes += value.Length + sizeof(long);
    }

    /// <summary>Adds a missing value.</summary>
    public void AddNothing()
    {
        Appender.AppendNothing();
        bytes++;
    }

    /// <summary>Adds the row that a reader stands on, which it has in memory.</summary>
    public void Add(DbDataReader row)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            if (row.IsDBNull(i))
            {
                AddNothing();
                continue;
            }

            switch (columns[i].Wire)
            {
                case Wire.Integer:
                    Add(Convert.ToInt64(row.GetValue(i), CultureInfo.InvariantCulture));
                    break;
                case Wire.Real:
                    Add(Convert.ToDouble(row.GetValue(i), CultureInfo.InvariantCulture));
                    break;
                case Wire.Bytes:
                    Add(i, (byte[])row.GetValue(i));
                    break;
                default:
                    Add(i, Encoding.UTF8.GetBytes(row.GetString(i)));
                    break;
            }
        }

        EndRow();
    }

    /// <summary>Ends the row.</summary>
    public void EndRow()
    {
        Appender.EndRow();
        Rows++;
    }

    /// <inheritdoc/>
    public void Dispose() => appender?.Dispose();

    private DuckDbAppender Appender => appender ?? throw new InvalidOperationException("No batch was begun.");

    private static string NameOf(int column) => string.Create(CultureInfo.InvariantCulture, $"w{column}");
}
