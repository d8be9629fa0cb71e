using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Silver;

/// <summary>Rows of silver on their way through the run's folder, told apart by a hash of their key: rows of one key meet in one bucket.</summary>
internal static class Bucket
{
    /// <summary>The column by which the files are told apart.</summary>
    public const string Column = "__bucket";

    /// <summary>Whether silver had the row.</summary>
    public const string Present = "__present";

    /// <summary>Rows of silver's columns with their bucket.</summary>
    /// <param name="session">Tells the columns' types.</param>
    /// <param name="source">The source.</param>
    /// <param name="select">The rows.</param>
    /// <param name="present">Whether silver had them.</param>
    /// <param name="buckets">How many buckets there are.</param>
    public static string Rows(DuckDbSession session, SourceDefinition source, string select, bool present, int buckets) =>
        string.Create(CultureInfo.InvariantCulture, $"select *, {(present ? "true" : "false")} as {Present}, (hash({CleanSql.KeyOf(source)}) % {buckets})::integer as {Column} from ({CleanSql.AsStored(session, select)})");

    /// <summary>The files of a bucket as a table that can be read.</summary>
    public static DeltaSnapshot Snapshot(DuckDbSession session, SourceDefinition source, IEnumerable<AddFile> files, int bucket)
    {
        var number = bucket.ToString(CultureInfo.InvariantCulture);
        return Snapshot(session, $"select *, true as {Present}, 0 as {Column} from ({CleanSql.EmptySilver(source)})", [Column], [.. files.Where(f => f.PartitionValues[Column] == number)]);
    }

    /// <summary>Files of the run's folder as a table that can be read.</summary>
    /// <param name="session">Tells the columns' types.</param>
    /// <param name="columns">A SELECT with the table's columns.</param>
    /// <param name="partitionColumns">Those that the log holds.</param>
    /// <param name="files">The files.</param>
    public static DeltaSnapshot Snapshot(DuckDbSession session, string columns, IReadOnlyList<string> partitionColumns, IReadOnlyList<AddFile> files) => new()
    {
        Version = 0,
        TableId = "",
        Schema = DeltaSchema.FromDuckDb(session.Describe(columns)),
        PartitionColumns = partitionColumns,
        Configuration = new Dictionary<string, string>(),
        Files = files,
        Transactions = new Dictionary<string, long>(),
        Domains = new Dictionary<string, string>(),
        CommittedUtc = default,
    };
}
