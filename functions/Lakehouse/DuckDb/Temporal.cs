using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Dates and times. DuckDB's range is far wider than the CLR's and has infinities.</summary>
internal static class Temporal
{
    private static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    public static object Read(DuckDbType type, DuckDbVector vector, int row)
    {
        try
        {
            return type.Id switch
            {
                TypeId.Date => DateOnly.FromDayNumber(checked(vector.Value<int>(row) + Epoch)),
                TypeId.Time => new TimeOnly(checked(vector.Value<long>(row) * TimeSpan.TicksPerMicrosecond)),
                TypeId.TimeNs => new TimeOnly(vector.Value<long>(row) / TimeSpan.NanosecondsPerTick),
                TypeId.Timestamp => SinceEpoch(vector.Value<long>(row), TimeSpan.TicksPerMicrosecond),
                TypeId.TimestampS => SinceEpoch(vector.Value<long>(row), TimeSpan.TicksPerSecond),
                TypeId.TimestampMs => SinceEpoch(vector.Value<long>(row), TimeSpan.TicksPerMillisecond),
                TypeId.TimestampNs => SinceEpoch(vector.Value<long>(row) / TimeSpan.NanosecondsPerTick, 1),
                TypeId.TimestampTz => new DateTimeOffset(SinceEpoch(vector.Value<long>(row), TimeSpan.TicksPerMicrosecond), TimeSpan.Zero),
                _ => throw new DuckDbException(DuckDbErrorKind.NotImplemented, $"Values of type {type} cannot be read; cast the column to VARCHAR."),
            };
        }
        catch (Exception outside) when (outside is OverflowException or ArgumentOutOfRangeException)
        {
            throw new DuckDbException(DuckDbErrorKind.OutOfRange, $"A {type} is outside 0001-01-01 to 9999-12-31; cast the column to VARCHAR.", innerException: outside);
        }
    }

    private static DateTime SinceEpoch(long count, long ticksEach) => new(checked(DateTime.UnixEpoch.Ticks + (count * ticksEach)), DateTimeKind.Unspecified);
}
