using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Bronze;

/// <summary>The session of a part that is being landed, and its files on scratch disk.</summary>
internal sealed class Landing(SourceDefinition source, StepWork work, DuckDbSession session, FileStager stager)
{
    private int number;

    public DuckDbSession Session => session;

    public StepWork Work => work;

    /// <summary>Where the copy of the next file goes.</summary>
    public string LocalFile(LandedFile file) => Local($"raw-{++number}{FileContent.PackedEnding(file.Path)}");

    /// <summary>Reads a local copy: what was found, the rows of bronze as SQL, and the types of the raw columns where the source has no contract.</summary>
    public (StagedFile Staged, string Rows, IReadOnlyList<DetectedColumn> Detected) Stage(string local, LandedFile file, CancellationToken cancellationToken)
    {
        var staged = stager.Stage(local, file, source.Format, number, cancellationToken);
        return (staged, Rows(staged, file.Path), source.Columns.Count == 0 ? stager.Detect(staged) : []);
    }

    /// <summary>Writes rows aside, so that the space of the raw file is free before the next one is read.</summary>
    public string Park(string rows, CancellationToken cancellationToken)
    {
        var parked = Local($"landed-{number}.parquet");
        session.Execute($"copy ({rows}) to {Sql.Literal(parked)} (format parquet, compression snappy)", cancellationToken);
        File.Delete(Local($"stage-{number}.parquet"));
        return $"select * from read_parquet({Sql.Literal(parked)})";
    }

    /// <summary>Frees the space of what has been written.</summary>
    public void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(session.TempDirectory).Where(f => Path.GetFileName(f).Split('-')[0] is "raw" or "stage" or "landed").ToList())
        {
            File.Delete(file);
        }
    }

    private string Local(FormattableString name) => Path.Combine(session.TempDirectory, name.ToString(CultureInfo.InvariantCulture));

    private string Rows(StagedFile staged, string path)
    {
        var stamp = $"{BronzeColumns.Timestamp(work.TimeUtc)} as _ingested_at, {Sql.Literal(source.Name)} as _source, {Sql.Literal(path)} as _file, _row, {Sql.Literal(work.RunId)} as _run_id";
        var malformed = $"select {stamp}, _error, _raw from malformed where _file = {Sql.Literal(path)}";
        return staged.Sql is null
            ? malformed
            : $"select {string.Concat(staged.Columns.Select(c => $"{Sql.Identifier(c.Name)}, "))}{stamp}, null::varchar as _error, null::varchar as _raw from ({staged.Sql}) union all by name {malformed}";
    }
}
