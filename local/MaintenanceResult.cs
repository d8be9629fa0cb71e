using System.Globalization;

namespace Pipeline.Local;

/// <summary>What a maintenance did, for people.</summary>
internal static class MaintenanceResult
{
    /// <summary>The tables that something was done to, and a sentence.</summary>
    public static void Show(Screen screen, MaintenanceState maintenance)
    {
        var rows = maintenance.Tables
            .SelectMany(t => t.Operations.Where(o => o.Status != "nothing").Select(o => (IReadOnlyList<string>)[t.Pipeline, t.Table, Name(o.Operation), o.Status, Grid.Number(o.Files), Grid.Number(o.Bytes), What(o)]))
            .ToList();
        if (rows.Count > 0)
        {
            new Grid([new("pipeline"), new("table"), new("operation"), new("status"), new("files", IsNumber: true), new("bytes", IsNumber: true), new("what")], rows).Write(screen);
        }

        if (maintenance.Error is { Length: > 0 } error)
        {
            screen.Line(error);
        }

        screen.Line(Sentence(maintenance));
    }

    /// <summary>An operation as people write it.</summary>
    public static string Name(string operation) => operation == "logCleanup" ? "log clean-up" : operation;

    private static string What(MaintainedOperation operation) => operation switch
    {
        { Status: "postponed" } => "left to the next maintenance",
        { Status: "failed" } => "see above",
        { Operation: "optimize", Into: { } into } => $"into {Grid.Number(into)}",
        { Operation: "retention" } => $"{(operation.Rows is { } rows ? $"{Grid.Number(rows)} rows of " : "")}{string.Join(", ", operation.Partitions)}",
        { Operation: "checkpoint", Version: { } version } => string.Create(CultureInfo.InvariantCulture, $"version {version}"),
        _ => "deleted",
    };

    private static string Sentence(MaintenanceState maintenance)
    {
        var figures = maintenance.Figures;
        var would = maintenance.DryRun ? "Dry run, nothing was changed; it would be" : $"Maintenance {maintenance.Id} {maintenance.Status} in {Grid.Seconds(maintenance.Seconds)}";
        var parts = new List<string> { $"{Grid.Number(figures.Tables)} tables", $"{Grid.Number(figures.FilesPacked)} files packed into {Grid.Number(figures.FilesMade)}" };
        Add(figures.RowsRemoved, "rows removed");
        Add(figures.FilesDeleted, "files deleted");
        Add(figures.LogFilesDeleted, "log files deleted");
        Add(figures.BytesFreed, "bytes freed");
        Add(figures.Postponed, "tables postponed");
        Add(figures.Failed, "tables failed");
        return $"{would}: {string.Join(", ", parts)}.";

        void Add(long number, string what)
        {
            if (number > 0)
            {
                parts.Add($"{Grid.Number(number)} {what}");
            }
        }
    }
}
