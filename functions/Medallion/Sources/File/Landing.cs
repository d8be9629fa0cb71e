using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.File;

/// <summary>The session of a part that is being landed, and its files on scratch disk.</summary>
internal sealed class Landing(SourceDefinition source, StepWork work, DuckDbSession session, FileStager stager)
{
    private int number;

    public DuckDbSession Session => session;

    public StepWork Work => work;

    public SourceDefinition Source => source;

    /// <summary>Where the copy of the next file goes.</summary>
    public string LocalFile(LandedFile file) => Local($"raw-{++number}{FileContent.PackedEnding(file.Path)}");

    /// <summary>Reads a local copy: what was found, the rows of bronze as SQL, and the types of the raw columns where the source has no contract.</summary>
    /// <param name="local">The copy.</param>
    /// <param name="file">What it is in landing.</param>
    /// <param name="once">Whether the rows are asked for once; <see cref="Close"/> follows.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    public (StagedFile Staged, string Rows, IReadOnlyList<DetectedColumn> Detected) Stage(string local, LandedFile file, bool once, CancellationToken cancellationToken)
    {
        var staged = stager.Stage(local, file, source.Format, number, once && !source.IsDetected, cancellationToken);
        return (staged, Rows(staged, file.Path), source.IsDetected ? stager.Detect(staged) : []);
    }

    /// <summary>Notes what was malformed in a file whose rows were read as they were written.</summary>
    /// <returns>These rows, with the columns of the others; null where there are none.</returns>
    public string? Close(StagedFile staged, LandedFile file, CancellationToken cancellationToken)
    {
        stager.Close(staged, file, number, cancellationToken);
        return session.Scalar<long>($"select count(*) from malformed where _file = {Sql.Literal(file.Path)}", cancellationToken) == 0
            ? null
            : $"select {string.Concat(staged.Columns.Select(c => $"null::{c.Type} as {Sql.Identifier(c.Name)}, "))}{Malformed(file.Path)}";
    }

    /// <summary>Refuses a file that turned out to be damaged while its rows were written.</summary>
    /// <returns>Whether the error tells of the file; what the storage refuses does not.</returns>
    public bool Refuse(StagedFile staged, LandedFile file, DuckDbException error)
    {
        if (staged.Unread is not { } local || !stager.TellsOfTheFile(error, source.Format ?? FileFormats.Of(file.Path), local))
        {
            return false;
        }

        stager.Refuse(file, error.Message);
        return true;
    }

    /// <summary>Writes rows aside, so that the space of the raw file is free before the next one is read.</summary>
    public string Park(string rows, CancellationToken cancellationToken)
    {
        var parked = Local($"landed-{number}.parquet");
        session.Execute($"copy ({rows}) to {Sql.Literal(parked)} (format parquet, compression snappy)", cancellationToken);
        System.IO.File.Delete(Local($"stage-{number}.parquet"));
        return $"select * from read_parquet({Sql.Literal(parked)})";
    }

    /// <summary>Frees the space of what has been written.</summary>
    public void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(session.TempDirectory).Where(f => Path.GetFileName(f).Split('-')[0] is "raw" or "stage" or "landed").ToList())
        {
            System.IO.File.Delete(file);
        }
    }

    private string Local(FormattableString name) => Path.Combine(session.TempDirectory, name.ToString(CultureInfo.InvariantCulture));

    private string Rows(StagedFile staged, string path)
    {
        var good = $"select {string.Concat(staged.Columns.Select(c => $"{Sql.Identifier(c.Name)}, "))}{Stamp(path)}, null::varchar as _error, null::varchar as _raw from ({staged.Sql})";
        return staged.Sql is null ? $"select {Malformed(path)}" : staged.Unread is not null ? good : $"{good} union all by name select {Malformed(path)}";
    }

    private string Stamp(string path) =>
        $"{BronzeColumns.Timestamp(work.TimeUtc)} as _ingested_at, {Sql.Literal(source.Name)} as _source, {Sql.Literal(path)} as _file, _row, {Sql.Literal(work.RunId)} as _run_id";

    private string Malformed(string path) => $"{Stamp(path)}, _error, _raw from malformed where _file = {Sql.Literal(path)}";
}
