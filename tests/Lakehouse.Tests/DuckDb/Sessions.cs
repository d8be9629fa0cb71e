using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Tests.DuckDb;

internal static class Sessions
{
    public static DuckDbSession Open() => DuckDbSession.Open(new DuckDbOptions { TempDirectory = Path.GetTempPath(), Threads = 2 });
}
