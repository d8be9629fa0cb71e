using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.Database;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Sources;

/// <summary>Writes records - JSON objects of pages - to data files of bronze, batch after batch.</summary>
/// <param name="session">The session.</param>
/// <param name="writer">Writes the files.</param>
/// <param name="request">What is landed.</param>
/// <param name="list">What rows call the list of records.</param>
/// <param name="before">The fields that records had so far, in the order of their first place.</param>
/// <param name="last">What the records of the last full load came to; null: nothing that counts.</param>
/// <param name="known">The records that are taken already.</param>
internal sealed class RecordBatches(DuckDbSession session, DataFileWriter writer, LandRequest request, string list, IReadOnlyList<string> before, RowSum? last, KnownRecords known)
{
    /// <summary>Stands between the page, the number and the text of a record: no JSON holds it as it is.</summary>
    public const byte Separator = 30;

    private readonly FileStager stager = new(session);
    private readonly List<LandedBatch> landed = [];
    private List<string> keys = [];
    private RowSum content = RowSum.None;
    private int written;

    /// <summary>What was written.</summary>
    public IReadOnlyList<LandedBatch> Landed => landed;

    /// <summary>The fields of all records so far, in the order of their first place: what columns are called depends on it.</summary>
    public IReadOnlyList<string> Keys => keys;

    /// <summary>What the rows come to.</summary>
    public RowSum Content => content;

    /// <summary>Begins a walk.</summary>
    public void Begin(CancellationToken cancellationToken)
    {
        landed.Clear();
        keys = [.. before];
        content = RowSum.None;
        known.Begin(cancellationToken);
    }

    /// <summary>Writes the records of a file. Until the next ones they are the view <c>taken</c>, as they came.</summary>
    /// <param name="file">Lines of page, number and record.</param>
    /// <param name="isOnly">Whether it has all records of the walk.</param>
    /// <param name="types">The types of fields that are known; others are detected.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task TakeAsync(string file, bool isOnly, IReadOnlyDictionary<string, string> types, CancellationToken cancellationToken)
    {
        Read(file, cancellationToken);
        const string records = "(select _file, _row, line from taken where error is null)";
        keys = [.. keys.Union(JsonRecords.Keys(session, "(select _file * 100000000 + _row as _row, line from taken where error is null)", cancellationToken), StringComparer.Ordinal)];
        var (select, columns) = JsonRecords.Select(keys, records, "_file, _row");
        var names = string.Concat(columns.Select(c => $"{Sql.Identifier(c.Name)}, "));
        var malformed = $"select {string.Concat(columns.Select(c => $"null::varchar as {Sql.Identifier(c.Name)}, "))}_file, _row, error as _error, line as _raw from taken where error is not null";
        Stage(
            "arrived",
            $"select *, {KnownRecords.HashOf(columns.Select(c => c.Name))} as {KnownRecords.Hash} from (select {names}_file, _row, null::varchar as _error, null::varchar as _raw from ({(columns.Count == 0 ? "select _file, _row from taken where false" : select)}) union all by name {malformed})",
            cancellationToken);
        await known.TakeAsync(cancellationToken);
        content += RowSum.Of(session, $"select {KnownRecords.Hash} from fresh", cancellationToken);
        var stamped = Stamp(names);

        // A list that is read in one batch, and is what it was, need not be written to be known as such.
        var isSame = isOnly && request.Source.Load == LoadMode.Full && !request.Work.Rebuild && content == last;
        landed.Add(new LandedBatch
        {
            Add = isSame ? [] : await writer.WriteAsync(session, stamped, request.Root, [], Name(), cancellationToken),
            Columns = session.Describe(stamped),
            Detected = request.Source.IsDetected ? Detect(names, columns, types) : [],
        });
    }

    /// <summary>Ends a walk: the last batch has what the commit is to know.</summary>
    public void End<TEnd>(TEnd end)
    {
        if (landed.Count == 0)
        {
            landed.Add(new LandedBatch { Add = [], Columns = [], Detected = [] });
        }

        landed[^1] = landed[^1] with { Position = Json.Write(end) };
    }

    private List<DetectedColumn> Detect(string names, IReadOnlyList<DuckDbColumn> columns, IReadOnlyDictionary<string, string> types) =>
        [.. stager.Detect(new StagedFile($"select {names}_row from arrived", columns, keys)).Zip(keys, (column, key) => types.TryGetValue(key, out var type) ? column with { Type = type } : column)];

    // As in files of one object a line: what stands between the parts of a line stands in no JSON.
    private void Read(string file, CancellationToken cancellationToken)
    {
        Stage(
            "lines",
            $"from read_csv({Sql.Literal(file)}, columns={{'_file': 'BIGINT', '_row': 'BIGINT', 'line': 'VARCHAR'}}, auto_detect=false, header=false, delim=chr({Separator}), quote='', escape='', new_line='\\n', compression='none', parallel=false, {CsvDialect.LineLimits})",
            cancellationToken);
        session.Execute(
            $"""
            create or replace temp table refused as from (select _file, _row, {JsonRecords.Problem("line")} as error from lines) where error is not null;
            create or replace temp view taken as select _file, _row, line, error from lines left join refused using (_file, _row)
            """,
            cancellationToken);
    }

    // On scratch disk: a table of the session would be held in its memory.
    private void Stage(string name, string rows, CancellationToken cancellationToken)
    {
        var file = Path.Combine(session.TempDirectory, $"records-{name}.parquet");
        session.Execute($"copy ({rows}) to {Sql.Literal(file)} (format parquet, compression snappy); create or replace temp view {name} as from read_parquet({Sql.Literal(file)})", cancellationToken);
    }

    // The page and the number of the record on it name each row, with the run, whatever the source has for a key. Of rows of one run the later is that of the greater name.
    private string Stamp(string names)
    {
        var work = request.Work;
        var file = string.Create(CultureInfo.InvariantCulture, $"{list}/{work.Number}/");
        return $"select {names}{BronzeColumns.Timestamp(work.TimeUtc)} as _ingested_at, {Sql.Literal(request.Source.Name)} as _source, {Sql.Literal(file)} || format('{{:07d}}', _file) as _file, _row, {Sql.Literal(work.RunId)} as _run_id, _error, _raw from fresh";
    }

    private string Name() => written++ == 0 ? request.Invocation : string.Create(CultureInfo.InvariantCulture, $"{request.Invocation}-{written - 1}");
}
