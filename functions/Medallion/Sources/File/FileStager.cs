using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.File;

/// <summary>A file's rows, readable in a session.</summary>
/// <param name="Sql">Gives the raw columns and <c>_row</c>, the record's number in the file from 1; null where the file has no columns.</param>
/// <param name="Columns">The raw columns.</param>
/// <param name="Keys">The keys of its JSON objects, in the order of their first place; empty where it has none.</param>
internal sealed record StagedFile(string? Sql, IReadOnlyList<DuckDbColumn> Columns, IReadOnlyList<string> Keys)
{
    public static StagedFile Empty { get; } = new(null, [], []);

    /// <summary>Whether the reader gave up: the file as a whole is one malformed row.</summary>
    public bool Refused { get; init; }

    /// <summary>The local copy that <see cref="Sql"/> reads as it runs, which it can do once; null where the rows are staged.</summary>
    public string? Unread { get; init; }
}

/// <summary>Reads files of any format into a session. What cannot be read is kept too: a malformed line, or a whole file that is not what its name says,
/// becomes a row of the session's table <c>malformed</c>.</summary>
internal sealed class FileStager
{
    // Of a rejected line DuckDB keeps 10,000 bytes, which may end within a character: trim would never end there, and nobody could read the text.
    private const string RawLine = "trim(decode(encode(csv_line), 'replace'), chr(13) || chr(10))";

    private const int ExampleRows = 20;
    private const int ExampleCharacters = 100;

    private readonly DuckDbSession session;

    public FileStager(DuckDbSession session)
    {
        this.session = session;
        session.Execute("create temp table malformed(_file varchar, _row bigint, _error varchar, _raw varchar)");
    }

    /// <summary>Reads one file, or a range of one.</summary>
    /// <param name="local">The file on local disk; it must stay until what was staged is written.</param>
    /// <param name="file">What it is in landing.</param>
    /// <param name="declared">Its format; null takes it from the name.</param>
    /// <param name="number">Tells the files of a session apart.</param>
    /// <param name="once">Whether the rows are asked for once: what can be read as it is written is not staged. <see cref="Close"/> follows.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    public StagedFile Stage(string local, LandedFile file, FileFormat? declared, int number, bool once, CancellationToken cancellationToken)
    {
        var format = declared ?? FileFormats.Of(file.Path);
        var readable = local;
        try
        {
            readable = FileContent.MakeReadable(local, file.Path);
            return new FileInfo(readable).Length == 0
                ? StagedFile.Empty
                : format switch
                {
                    FileFormat.Csv => StageCsv(readable, file, number, once, cancellationToken),
                    FileFormat.Ndjson => StageNdjson(FileContent.WithoutMark(readable), file, number, cancellationToken),
                    FileFormat.Json => StageJson(FileContent.WithoutMark(readable), file, number, cancellationToken),
                    _ => StageParquet(readable, cancellationToken),
                };
        }
        catch (Exception error) when (TellsOfTheFile(error, format, readable))
        {
            return Refuse(file, error.Message);
        }
    }

    /// <summary>Whether an error comes from what is in a file, so that the file is to be refused.</summary>
    /// <param name="error">The error.</param>
    /// <param name="format">The file's format.</param>
    /// <param name="local">Its local copy.</param>
    public bool TellsOfTheFile(Exception error, FileFormat format, string local) => error switch
    {
        DuckDbException { Kind: DuckDbErrorKind.IO } => format == FileFormat.Parquet ? FileContent.CanBeRead(local) : IsDamagedZstd(local),
        DuckDbException found => TellsOfTheFile(found.Kind, format),
        _ => error is InvalidDataException or TerminalException,
    };

    /// <summary>Notes the malformed lines of a file that was read as it was written, and frees its copy.</summary>
    public void Close(StagedFile staged, LandedFile file, int number, CancellationToken cancellationToken)
    {
        if (staged.Unread is { } local)
        {
            NoteRejects(file, number, cancellationToken);
            System.IO.File.Delete(local);
        }
    }

    /// <summary>Notes a whole file as one malformed row.</summary>
    public StagedFile Refuse(LandedFile file, string reason)
    {
        var path = file.Path;
        session.Execute($"delete from malformed where _file = {Sql.Literal(path)}");
        session.Execute($"insert into malformed values ({Sql.Literal(path)}, 0, {Sql.Literal($"the file cannot be read: {FirstLines(WithoutLocal(reason, path))}")}, null)");
        return StagedFile.Empty with { Refused = true };
    }

    /// <summary>The type that the values of each text column fit, by its first 100,000 rows; with what else is worth knowing of a column that nobody declared.</summary>
    public IReadOnlyList<DetectedColumn> Detect(StagedFile staged)
    {
        if (staged.Sql is null || staged.Columns.Count == 0)
        {
            return [];
        }

        // Only what was JSON has values that are objects or lists; a text that looks like one is a text.
        var found = session.Query($"select {string.Join(", ", staged.Columns.Select(c => Found(c, isJson: staged.Keys.Count > 0)))} from ({staged.Sql} limit 100000)").Rows().Single();
        var examples = session.Query($"select {string.Join(", ", staged.Columns.Select(Example))} from ({staged.Sql} limit {ExampleRows})").Rows().ToList();
        return [.. staged.Columns.Select((column, i) => new DetectedColumn(column.Name, column.Type == "VARCHAR" ? (string?)found[3 * i] ?? DetectedColumn.Unknown : column.Type)
        {
            Nullable = (bool?)found[(3 * i) + 1] ?? false,
            Structure = JsonStructure.Bounded((string?)found[(3 * i) + 2]),
            Examples = examples.Select(row => (string?)row[i]).OfType<string>().Distinct().Take(3).ToList() is { Count: > 0 } some ? some : null,
        })];
    }

    private static string Found(DuckDbColumn column, bool isJson)
    {
        var c = Sql.Identifier(column.Name);
        var type = column.Type == "VARCHAR" ? Narrowest(column.Name) : "null::varchar";
        var isNested = $"left({c}, 1) in ('{{', '[') and json_valid({c})";
        var structure = isJson ? $"case when bool_and({c} is null or ({isNested})) and count({c}) > 0 then json_group_structure(case when {isNested} then {c}::json end)::varchar end" : "null::varchar";
        return $"{type}, count({c}) < count(*), {structure}";
    }

    private static string Example(DuckDbColumn column) => $"left({Sql.Identifier(column.Name)}::varchar, {ExampleCharacters})";

    // Every other kind is our own affair: memory, disk, a defect.
    private static bool TellsOfTheFile(DuckDbErrorKind kind, FileFormat format) =>
        kind is DuckDbErrorKind.InvalidInput or DuckDbErrorKind.Conversion or DuckDbErrorKind.Serialization or DuckDbErrorKind.MismatchType or DuckDbErrorKind.OutOfRange

        // A Parquet footer that cannot be is no kind of error of DuckDB's, or an internal one.
        || (format == FileFormat.Parquet && kind is DuckDbErrorKind.Other or DuckDbErrorKind.Internal);

    // What cannot even be unpacked is damaged.
    private bool IsDamagedZstd(string local)
    {
        if (FileContent.PackedEnding(local) != ".zst")
        {
            return false;
        }

        try
        {
            session.Scalar<long>($"select count(*) from {CsvDialect.ZstdLines(local)}");
            return false;
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.IO)
        {
            return true;
        }
    }

    // A number with a leading zero is a code, not a number; so is one with more digits than a number keeps.
    private static string Narrowest(string column)
    {
        var c = Sql.Identifier(column);
        return $"""
            case when count({c}) = 0 then {Sql.Literal(DetectedColumn.Unknown)}
                 when bool_and(regexp_full_match({c}, '-?(0|[1-9][0-9]{"{0,18}"})') and try_cast({c} as bigint) is not null) filter ({c} is not null) then 'BIGINT'
                 when bool_and(regexp_full_match({c}, '-?(0|[1-9][0-9]{"{0,14}"})(\.[0-9]+)?([eE][-+]?[0-9]+)?')) then 'DOUBLE'
                 when bool_and(lower({c}) in ('true', 'false')) then 'BOOLEAN'
                 when bool_and(regexp_full_match({c}, '[0-9]{"{4}"}-[0-9][0-9]-[0-9][0-9]') and try_cast({c} as date) is not null) filter ({c} is not null) then 'DATE'
                 when bool_and(regexp_matches({c}, '^[0-9]{"{4}"}-[0-9][0-9]-[0-9][0-9][ T]') and try_cast({c} as timestamptz) is not null) filter ({c} is not null) then 'TIMESTAMP WITH TIME ZONE'
                 else 'VARCHAR' end
            """;
    }

    private StagedFile StageCsv(string local, LandedFile file, int number, bool once, CancellationToken cancellationToken)
    {
        var encoding = FileContent.IsUtf16(local) ? ", encoding='utf-16'" : "";
        var scan = $"read_csv({Sql.Literal(local)}, header=true, {CsvDialect.Of(session, local, number)}, compression='{FileFormats.Compression(local)}', {CsvDialect.LineLimits}{encoding}, "
            + $"store_rejects=true, rejects_table='{Rejects(number)}', rejects_scan='scans_{number}')";
        var raw = session.Describe($"select * from {scan}");
        var names = ColumnNames.ForTable(raw.Select(c => c.Name));
        var rows = $"select {string.Join(", ", raw.Zip(names, (c, name) => $"{Sql.Identifier(c.Name)} as {Sql.Identifier(name)}"))} from {scan}";
        IReadOnlyList<DuckDbColumn> columns = [.. names.Select(n => new DuckDbColumn(n, "VARCHAR"))];
        if (once && FileContent.PackedEnding(local).Length == 0)
        {
            // A window without an order keeps that of the file. One thread reads it then; parts are read side by side.
            return new StagedFile($"select *, row_number() over () + {From(file)} as _row from ({rows})", columns, []) { Unread = local };
        }

        var stage = StagePath(number);
        session.Execute($"copy ({rows}) to {Sql.Literal(stage)} (format parquet, compression snappy)", cancellationToken);
        NoteRejects(file, number, cancellationToken);
        System.IO.File.Delete(local);
        return new StagedFile($"select {Names(names)}, file_row_number + {From(file) + 1} as _row from read_parquet({Sql.Literal(stage)}, file_row_number=true)", columns, []);
    }

    private void NoteRejects(LandedFile file, int number, CancellationToken cancellationToken) => session.Execute(
        $"""
        insert into malformed
        select {Sql.Literal(file.Path)}, line + {From(file) - (From(file) > 0 ? 1 : 0)}, string_agg(distinct lower(error_type) || ': ' || error_message, '; ' order by lower(error_type) || ': ' || error_message), any_value({RawLine})
        from {Rejects(number)} group by line order by line
        """,
        cancellationToken);

    private static string Rejects(int number) => string.Create(CultureInfo.InvariantCulture, $"rejects_{number}");

    // Lines are cut by the CSV reader: a record separator cannot stand in valid JSON, so that every line is one column whatever is in it.
    private StagedFile StageNdjson(string local, LandedFile file, int number, CancellationToken cancellationToken)
    {
        var rejects = Rejects(number);
        var breaks = file.Range is { } range ? $"new_line='{(range.CarriageReturns ? "\\r\\n" : "\\n")}', " : "";
        var scan = $"read_csv({Sql.Literal(local)}, {breaks}columns={{'line': 'VARCHAR'}}, auto_detect=false, header=false, delim=chr(30), quote='', escape='', compression='{FileFormats.Compression(local)}', "
            + $"{CsvDialect.LineLimits}, store_rejects=true, rejects_table='{rejects}', rejects_scan='scans_{number}')";
        var stage = StagePath(number);
        session.Execute($"copy (select line from {scan}) to {Sql.Literal(stage)} (format parquet, compression snappy)", cancellationToken);
        session.Execute($"insert into malformed select {Sql.Literal(file.Path)}, line + {From(file)}, any_value(lower(error_type) || ': ' || error_message), any_value({RawLine}) from {rejects} group by line", cancellationToken);
        System.IO.File.Delete(local);
        return StageLines(stage, file);
    }

    private StagedFile StageJson(string local, LandedFile file, int number, CancellationToken cancellationToken)
    {
        var stage = StagePath(number);
        var scan = $"read_json_objects({Sql.Literal(local)}, format='auto', compression='{(local.EndsWith(".zst", StringComparison.OrdinalIgnoreCase) ? "zstd" : "uncompressed")}', maximum_object_size=16777216)";
        session.Execute($"copy (select json::varchar as line from {scan}) to {Sql.Literal(stage)} (format parquet, compression snappy)", cancellationToken);
        System.IO.File.Delete(local);
        return StageLines(stage, file);
    }

    private StagedFile StageLines(string stage, LandedFile file)
    {
        var lines = $"(select file_row_number + {From(file) + 1} as _row, line, {JsonRecords.Problem("line")} as error from read_parquet({Sql.Literal(stage)}, file_row_number=true) where trim(line) <> '')";
        session.Execute($"insert into malformed select {Sql.Literal(file.Path)}, _row, error, line from {lines} where error is not null order by _row");
        var records = $"(from {lines} where error is null)";
        var keys = JsonRecords.Keys(session, records, CancellationToken.None);
        if (keys.Count == 0)
        {
            return StagedFile.Empty;
        }

        // A name depends on the keys before it, so that of a range on those of the ranges before.
        keys = [.. (file.Range?.Keys ?? []).Union(keys, StringComparer.Ordinal)];
        var (sql, columns) = JsonRecords.Select(keys, records, "_row");
        return new StagedFile(sql, columns, keys);
    }

    private StagedFile StageParquet(string local, CancellationToken cancellationToken)
    {
        var scan = $"read_parquet({Sql.Literal(local)}, file_row_number=true)";
        var raw = session.Describe($"select * exclude (file_row_number) from {scan}");
        CsvDialect.RequireNames("the name of a column", raw.SelectMany(c => new[] { c.Name, c.Type }));
        var names = ColumnNames.ForTable(raw.Select(c => c.Name));
        var renamed = $"select {string.Join(", ", raw.Zip(names, (c, n) => $"{Sql.Identifier(c.Name)} as {Sql.Identifier(n)}"))}, file_row_number + 1 as _row from {scan}";
        var columns = raw.Zip(names, (c, n) => c with { Name = n }).Append(new DuckDbColumn("_row", "BIGINT")).ToList();
        var sql = $"select {DeltaTypes.Normalise(columns)} from ({renamed})";

        // Every page is unpacked once: a damaged one is this file's affair, and found before rows of other files depend on it.
        session.Scalar<ulong?>($"select bit_xor(hash({Names(names)})) from ({sql})", cancellationToken);
        return new StagedFile(sql, [.. session.Describe(sql).SkipLast(1)], []);
    }

    private static long From(LandedFile file) => file.Range?.From ?? 0;

    private string StagePath(int number) => Path.Combine(session.TempDirectory, string.Create(CultureInfo.InvariantCulture, $"stage-{number}.parquet"));

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Sql.Identifier));

    // Messages name the copy on this machine's disk; its reader knows the file in landing.
    private string WithoutLocal(string message, string path) =>
        Regex.Replace(message, $@"{Regex.Escape(session.TempDirectory)}[/\\][^\s""'\]]*", path, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    private static string FirstLines(string text) => string.Join(' ', text.Split('\n').Take(3).Select(l => l.Length > 300 ? l[..300] : l).Select(l => l.Trim()));
}
