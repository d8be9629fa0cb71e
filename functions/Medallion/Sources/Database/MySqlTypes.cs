using System.Globalization;
using MySqlConnector;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Types of MySQL and MariaDB in bronze. What a table has no type for is text, as the database writes it.</summary>
internal static class MySqlTypes
{
    private const int MaxPrecision = 38;

    // A date that is none is how these databases say that there is none.
    private const string SetTime = "case when {0} < '0001-01-01' then null else cast({0} as char) end";

    /// <summary>What becomes of a column.</summary>
    public static SqlColumn Map(MySqlDbColumn found)
    {
        var column = new SqlColumn { Source = found.ColumnName, SourceType = found.ProviderType.ToString().ToLowerInvariant(), Select = "cast({0} as char)" };
        return found.ProviderType switch
        {
            MySqlDbType.Bool => column with { Select = "{0}", Wire = Wire.Integer, Type = "BOOLEAN", Value = "{0}::boolean" },
            MySqlDbType.Byte => Integer(column, "TINYINT"),
            MySqlDbType.UByte or MySqlDbType.Int16 or MySqlDbType.Year => Integer(column, "SMALLINT"),
            MySqlDbType.UInt16 or MySqlDbType.Int24 or MySqlDbType.UInt24 or MySqlDbType.Int32 => Integer(column, "INTEGER"),
            MySqlDbType.UInt32 or MySqlDbType.Int64 => Integer(column, "BIGINT"),
            MySqlDbType.UInt64 => column with { Type = "DECIMAL(20,0)", Value = "{0}::DECIMAL(20,0)", IsRanged = true },
            MySqlDbType.Bit => column with { Select = "cast({0} + 0 as char)", Type = "DECIMAL(20,0)", Value = "{0}::DECIMAL(20,0)" },
            MySqlDbType.Float => column with { Select = "{0}", Wire = Wire.Real, Type = "FLOAT", Value = "{0}::float" },
            MySqlDbType.Double => column with { Select = "{0}", Wire = Wire.Real, Type = "DOUBLE" },
            MySqlDbType.NewDecimal or MySqlDbType.Decimal => Decimal(column, found.NumericPrecision ?? 0, found.NumericScale ?? 0),
            MySqlDbType.Date or MySqlDbType.Newdate => column with { Select = SetTime, Type = "DATE", Value = "try_cast({0} as DATE)", IsPartial = true, IsTime = true, IsRanged = true },
            MySqlDbType.DateTime or MySqlDbType.Timestamp => column with { Select = SetTime, Type = "TIMESTAMP WITH TIME ZONE", Value = "try_cast({0} as TIMESTAMPTZ)", IsPartial = true, IsTime = true, IsRanged = true },
            MySqlDbType.Blob or MySqlDbType.TinyBlob or MySqlDbType.MediumBlob or MySqlDbType.LongBlob or MySqlDbType.Binary or MySqlDbType.VarBinary or MySqlDbType.Geometry =>
                column with { Select = "{0}", Wire = Wire.Bytes, Type = "BLOB" },
            _ => column,
        };
    }

    private static SqlColumn Integer(SqlColumn column, string type) => column with { Select = "{0}", Wire = Wire.Integer, Type = type, Value = $"{{0}}::{type}", IsRanged = true };

    // One with more digits than a table can hold stays the text that it is: silver says which decimal it means.
    private static SqlColumn Decimal(SqlColumn column, int precision, int scale)
    {
        if (precision is < 1 or > MaxPrecision)
        {
            return column with { IsRanged = true };
        }

        var type = string.Create(CultureInfo.InvariantCulture, $"DECIMAL({precision},{scale})");
        return column with { Type = type, Value = $"{{0}}::{type}", IsRanged = true };
    }
}
