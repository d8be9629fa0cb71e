using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;

namespace Pipeline.Medallion.Models;

/// <summary>The run's time as SQL sees it. The clock itself is refused in definitions, so that a repeat gives the same rows.</summary>
internal static class RunTime
{
    /// <summary>Defines <c>run_time()</c> in a session.</summary>
    public static void Define(DuckDbSession session, DateTimeOffset time) => session.Execute($"create or replace macro run_time() as {BronzeColumns.Timestamp(time)}");
}
