using System.Globalization;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Types of SQL Server in bronze. What a table has no type for is text, as the database writes it.</summary>
internal static class SqlServerTypes
{
    /// <summary>What becomes of a column.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type; that of the common language runtime comes with database and schema.</param>
    /// <param name="precision">The digits of a decimal.</param>
    /// <param name="scale">How many of them come after the point.</param>
    public static SqlColumn Map(string name, string type, int precision, int scale)
    {
        var plain = type.ToLowerInvariant().Split('.')[^1];
        var column = new SqlColumn { Source = name, SourceType = plain, Select = "convert(nvarchar(max), {0})" };
        return plain switch
        {
            "bit" => column with { Select = "{0}", Wire = Wire.Integer, Type = "BOOLEAN", Value = "{0}::boolean" },

            // From 0 to 255.
            "tinyint" or "smallint" => Integer(column, "SMALLINT"),
            "int" => Integer(column, "INTEGER"),
            "bigint" => Integer(column, "BIGINT"),
            "real" => column with { Select = "{0}", Wire = Wire.Real, Type = "FLOAT", Value = "{0}::float" },
            "float" => column with { Select = "{0}", Wire = Wire.Real, Type = "DOUBLE" },
            "decimal" or "numeric" => Decimal(column, "convert(nvarchar(60), {0})", precision, scale),
            "money" => Decimal(column, "convert(nvarchar(40), {0}, 2)", 19, 4),
            "smallmoney" => Decimal(column, "convert(nvarchar(40), {0}, 2)", 10, 4),
            "date" => Time(column, "convert(nvarchar(10), {0}, 23)", "DATE", "try_cast({0} as DATE)"),
            "datetime" or "smalldatetime" or "datetime2" => Time(column, "convert(nvarchar(40), {0}, 126)", "TIMESTAMP WITH TIME ZONE", "try_cast({0} || '+00' as TIMESTAMPTZ)"),
            "datetimeoffset" => Time(column, "convert(nvarchar(40), switchoffset({0}, '+00:00'), 126)", "TIMESTAMP WITH TIME ZONE", "try_cast({0} as TIMESTAMPTZ)"),
            "time" => column with { Select = "convert(nvarchar(16), {0})" },
            "uniqueidentifier" => column with { Select = "lower(convert(nvarchar(36), {0}))" },
            "timestamp" or "rowversion" => column with { Select = "cast({0} as binary(8))", Wire = Wire.Bytes, Type = "BLOB" },
            "binary" or "varbinary" or "image" => column with { Select = "cast({0} as varbinary(max))", Wire = Wire.Bytes, Type = "BLOB" },
            "hierarchyid" or "geography" or "geometry" => column with { Select = "{0}.ToString()" },
            _ => column,
        };
    }

    private static SqlColumn Integer(SqlColumn column, string type) => column with { Select = "{0}", Wire = Wire.Integer, Type = type, Value = $"{{0}}::{type}", IsRanged = true };

    private static SqlColumn Decimal(SqlColumn column, string select, int precision, int scale)
    {
        var type = string.Create(CultureInfo.InvariantCulture, $"DECIMAL({precision},{scale})");
        return column with { Select = select, Type = type, Value = $"{{0}}::{type}", IsRanged = true };
    }

    // What has a seventh digit of a second loses it.
    private static SqlColumn Time(SqlColumn column, string select, string type, string value) =>
        column with { Select = select, Type = type, Value = value, IsPartial = true, IsTime = true, IsRanged = true };
}
