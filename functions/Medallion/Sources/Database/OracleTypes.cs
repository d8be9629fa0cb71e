using System.Globalization;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Types of Oracle Database in bronze. What a table has no type for is text, as the database writes it.</summary>
internal static class OracleTypes
{
    private const int MaxPrecision = 38;
    private const string Day = "to_char({0}, 'YYYY-MM-DD HH24:MI:SS')";
    private const string Moment = "to_char({0}, 'YYYY-MM-DD HH24:MI:SS.FF9')";
    private const string UtcMoment = "to_char(sys_extract_utc({0}), 'YYYY-MM-DD HH24:MI:SS.FF9')";

    /// <summary>What becomes of a column.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type, as the driver calls it.</param>
    /// <param name="precision">The digits of a number; 0: they are not declared.</param>
    /// <param name="scale">How many of them come after the point.</param>
    public static SqlColumn Map(string name, string type, int precision, int scale)
    {
        var plain = type.ToLowerInvariant();
        var column = new SqlColumn { Source = name, SourceType = plain, Select = "to_char({0})" };
        return plain switch
        {
            "decimal" or "number" or "byte" or "int16" or "int32" or "int64" => Number(column with { SourceType = "number" }, precision, scale),
            "binaryfloat" or "binary_float" or "single" => column with { Select = "{0}", Wire = Wire.Real, Type = "FLOAT", Value = "{0}::float" },
            "binarydouble" or "binary_double" or "double" => column with { Select = "{0}", Wire = Wire.Real, Type = "DOUBLE" },
            "boolean" => column with { Select = "case when {0} then 1 when not {0} then 0 end", Wire = Wire.Integer, Type = "BOOLEAN", Value = "{0}::boolean" },

            // It has a time of day.
            "date" => Time(column, Day),
            "timestamp" => Time(column, Moment),
            "timestamptz" or "timestampltz" => Time(column, UtcMoment),
            "raw" or "longraw" or "blob" => column with { Select = "{0}", Wire = Wire.Bytes, Type = "BLOB" },
            "char" or "nchar" or "varchar2" or "nvarchar2" or "clob" or "nclob" or "long" => column with { Select = "{0}" },
            "xmltype" => column with { Select = "xmlserialize(content {0} as clob)" },
            "json" => column with { Select = "json_serialize({0} returning clob)" },
            _ => column,
        };
    }

    // One without a precision, or with more digits than a table can hold, stays the text that it is: silver says which decimal it means.
    private static SqlColumn Number(SqlColumn column, int precision, int scale)
    {
        column = column with { Select = "to_char({0}, 'TM9')", IsRanged = true };
        var (digits, places) = scale < 0 ? (precision - scale, 0) : (precision, scale);
        if (precision < 1 || digits > MaxPrecision || places > MaxPrecision || scale < -MaxPrecision)
        {
            return column;
        }

        // NUMBER(2,5) has five places of which three are zero.
        var type = string.Create(CultureInfo.InvariantCulture, $"DECIMAL({Math.Max(digits, places)},{places})");
        return column with { Type = type, Value = $"{{0}}::{type}" };
    }

    private static SqlColumn Time(SqlColumn column, string select) => column with
    {
        Select = select, Type = "TIMESTAMP WITH TIME ZONE", Value = "try_cast({0} || '+00' as TIMESTAMPTZ)", IsPartial = true, IsTime = true, IsRanged = true,
    };
}
