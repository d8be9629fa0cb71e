using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Writes the rows of a part to data files, batch after batch.</summary>
internal sealed class SqlBatches(DuckDbSession session, DataFileWriter writer, LandRequest request, SqlPart part, SqlDefinition sql, WireTable rows, KnownRows? known)
{
    private readonly List<LandedBatch> landed = [];
    private readonly SqlPosition? before = part.Known is { } text ? Json.Read<SqlPosition>(text) : null;
    private long taken;

    /// <summary>What was written.</summary>
    public IReadOnlyList<LandedBatch> Landed => landed;

    /// <summary>The columns of bronze that come from the source, with the reason why a row cannot be held, and what it was.</summary>
    public static IReadOnlyList<DuckDbColumn> Columns(DuckDbSession session, WireTable rows)
    {
        var found = session.Describe(rows.Select());
        return session.Describe($"select {DeltaTypes.Normalise(found)} from ({rows.Select()})");
    }

    /// <summary>Writes the batch; where another follows, that one begins.</summary>
    public async Task TakeAsync(bool isLast, CancellationToken cancellationToken)
    {
        rows.End();
        if (rows.Rows > 0 || landed.Count == 0)
        {
            landed.Add(await WriteAsync(isOnly: isLast && landed.Count == 0, cancellationToken));
        }

        if (!isLast)
        {
            rows.Begin();
        }
    }

    private async Task<LandedBatch> WriteAsync(bool isOnly, CancellationToken cancellationToken)
    {
        var columns = Columns(session, rows);
        var batch = $"select {DeltaTypes.Normalise(session.Describe(rows.Select()))} from ({rows.Select()})";
        var content = part.Window is null ? RowSum.Of(session, batch, cancellationToken) : null;
        var position = new SqlPosition { Cursor = part.Window?.Next, Content = content, Columns = string.Join(", ", columns.Select(c => $"{c.Name} {c.Type}")) };
        var select = Stamp(known?.Fresh(batch, cancellationToken) ?? batch, columns);

        // A table that is read in one batch, and is what it was, need not be written to be known as such.
        var add = isOnly && content is not null && position == before ? [] : await writer.WriteAsync(session, select, request.Root, [], Name(), cancellationToken);
        taken += add.Sum(a => a.Statistics?.Rows ?? 0);
        return new LandedBatch
        {
            Add = add,
            Columns = session.Describe(select),
            Detected = request.Source.IsDetected ? [.. columns.SkipLast(2).Select(c => new DetectedColumn(c.Name, c.Type) { Nullable = true })] : [],
            Position = Json.Write(position),
        };
    }

    // The rows of a part are numbered: with the run and the part that names each once, whatever the source has for a key.
    private string Stamp(string batch, IReadOnlyList<DuckDbColumn> columns)
    {
        var work = request.Work;
        var file = string.Create(CultureInfo.InvariantCulture, $"{sql.Name}/{work.Number}-{work.Part}");
        return $"select {string.Join(", ", columns.SkipLast(2).Select(c => Sql.Identifier(c.Name)))}, {BronzeColumns.Timestamp(work.TimeUtc)} as _ingested_at, {Sql.Literal(request.Source.Name)} as _source, "
            + $"{Sql.Literal(file)} as _file, row_number() over () + {taken.ToString(CultureInfo.InvariantCulture)} as _row, {Sql.Literal(work.RunId)} as _run_id, _error, _raw from ({batch})";
    }

    private string Name() => landed.Count == 0 ? request.Invocation : string.Create(CultureInfo.InvariantCulture, $"{request.Invocation}-{landed.Count}");
}
