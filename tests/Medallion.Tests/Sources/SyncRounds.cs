using System.Globalization;

namespace Pipeline.Medallion.Tests.Sources;

/// <summary>How many rounds of changes and runs an incremental load is held against: some, or as many as <c>PIPELINE_TEST_SYNC_ROUNDS</c> says.</summary>
internal static class SyncRounds
{
    public static int Of(int usual) => int.TryParse(Environment.GetEnvironmentVariable("PIPELINE_TEST_SYNC_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) ? rounds : usual;
}
