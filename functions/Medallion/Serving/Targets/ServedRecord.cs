using System.Globalization;
using Pipeline.Lakehouse.Delta;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>What a target holds, as the target itself remembers it in <c>pipeline_served</c>: it is written in the same transaction as the rows.</summary>
internal sealed record ServedRecord
{
    /// <summary>The table of the records, beside the targets.</summary>
    public const string Table = "pipeline_served";

    /// <summary>The columns, in the order of <see cref="Values"/>.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["target", "load_id", "pipeline", "source", "table_id", "version", "definition", "shape", "content", "run_number", "row_count", "served_at"];

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>The load that made the target's table.</summary>
    public required string LoadId { get; init; }

    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table of the lake.</summary>
    public required string Source { get; init; }

    /// <summary>Its id: a table that was made anew has another.</summary>
    public required string TableId { get; init; }

    /// <summary>Its version that was served.</summary>
    public required long Version { get; init; }

    /// <summary>Hash of the definition that was followed.</summary>
    public required string Definition { get; init; }

    /// <summary>What the target is like.</summary>
    public required TargetShape Shape { get; init; }

    /// <summary>What the rows come to; null where that was not counted.</summary>
    public string? Content { get; init; }

    /// <summary>The number of the run.</summary>
    public required long RunNumber { get; init; }

    /// <summary>How many rows there are.</summary>
    public required long Rows { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset ServedUtc { get; init; }

    /// <summary>What is stored.</summary>
    public IReadOnlyList<object?> Values =>
        [Target, LoadId, Pipeline, Source, TableId, Version, Definition, Json.Write(Shape), Content, RunNumber, Rows, ServedUtc.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)];

    /// <summary>What was stored.</summary>
    public static ServedRecord Of(IReadOnlyList<object?> row)
    {
        return new ServedRecord
        {
            Target = Text(0),
            LoadId = Text(1),
            Pipeline = Text(2),
            Source = Text(3),
            TableId = Text(4),
            Version = Number(5),
            Definition = Text(6),
            Shape = Json.Read<TargetShape>(Text(7)),
            Content = row[8] as string,
            RunNumber = Number(9),
            Rows = Number(10),
            ServedUtc = DateTimeOffset.Parse(Text(11), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        };

        string Text(int at) => Convert.ToString(row[at], CultureInfo.InvariantCulture) ?? "";

        long Number(int at) => Convert.ToInt64(row[at], CultureInfo.InvariantCulture);
    }

    /// <summary>Whether it is of that version, or of a later one, as far as runs and versions tell.</summary>
    public bool IsNewerThan(DeltaSnapshot snapshot, long runNumber) => TableId == snapshot.TableId ? Version > snapshot.Version : RunNumber > runNumber;
}
