using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql.PostgresTypes;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Types of PostgreSQL in bronze. What a table has no type for is text, as PostgreSQL writes it.</summary>
internal static partial class PostgreSqlTypes
{
    private const int MaxPrecision = 38;

    /// <summary>What becomes of a column.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type; that of a domain is the one below it.</param>
    /// <param name="display">The type with its facets, as <c>numeric(10,2)</c>.</param>
    public static SqlColumn Map(string name, PostgresType type, string display)
    {
        var column = new SqlColumn { Source = name, SourceType = display, Select = "{0}::text" };
        return type switch
        {
            PostgresDomainType domain => Map(name, domain.BaseType, domain.BaseType.DisplayName),
            PostgresArrayType => column with { Select = "to_json({0})::text" },
            _ => type.Name switch
            {
                "boolean" or "bool" => column with { Select = "{0}", Wire = Wire.Integer, Type = "BOOLEAN", Value = "{0}::boolean" },
                "smallint" or "int2" => Integer(column, "SMALLINT"),
                "integer" or "int4" => Integer(column, "INTEGER"),
                "bigint" or "int8" => Integer(column, "BIGINT"),
                "oid" or "xid" or "cid" => column with { Select = "({0}::text)::bigint", Wire = Wire.Integer, Type = "BIGINT" },
                "real" or "float4" => column with { Select = "{0}", Wire = Wire.Real, Type = "FLOAT", Value = "{0}::float" },
                "double precision" or "float8" => column with { Select = "{0}", Wire = Wire.Real, Type = "DOUBLE" },
                "numeric" => Numeric(column, display),
                "money" => column with { Select = "({0}::numeric)::text", Type = "DECIMAL(19,2)", Value = "try_cast({0} as DECIMAL(19,2))", IsPartial = true },
                "date" => column with { Select = "{0}", Wire = Wire.Integer, Type = "DATE", Value = SqlColumn.DateOfDays, IsPartial = true, IsTime = true, IsRanged = true },
                "timestamp" or "timestamp without time zone" or "timestamptz" or "timestamp with time zone" => column with
                {
                    Select = "{0}", Wire = Wire.Integer, Type = "TIMESTAMP WITH TIME ZONE", Value = SqlColumn.TimeOfMicroseconds, IsPartial = true, IsTime = true, IsRanged = true,
                },
                "bytea" => column with { Select = "{0}", Wire = Wire.Bytes, Type = "BLOB" },
                _ => column,
            },
        };
    }

    private static SqlColumn Integer(SqlColumn column, string type) => column with { Select = "{0}", Wire = Wire.Integer, Type = type, Value = $"{{0}}::{type}", IsRanged = true };

    // One without a precision, or with more digits than a table can hold, stays the text that it is: silver says which decimal it means.
    private static SqlColumn Numeric(SqlColumn column, string display)
    {
        if (Facets().Match(display) is { Success: true } match)
        {
            var (precision, scale) = (Number(match.Groups[1]), Number(match.Groups[2]));
            if (precision <= MaxPrecision && scale <= precision)
            {
                var type = string.Create(CultureInfo.InvariantCulture, $"DECIMAL({precision},{scale})");
                return column with { Type = type, Value = $"try_cast({{0}} as {type})", IsPartial = true, IsRanged = true };
            }
        }

        return column with { IsRanged = true };
    }

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^numeric\((\d{1,4}),\s?(\d{1,4})\)$")]
    private static partial Regex Facets();
}
