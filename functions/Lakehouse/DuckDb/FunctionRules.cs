using System.Collections.Frozen;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Functions that a gate refuses. A test holds these lists against <c>duckdb_functions()</c> of the bundled version.</summary>
internal static class FunctionRules
{
    /// <summary>Table functions that make rows from their arguments alone.</summary>
    public static readonly FrozenSet<string> HarmlessTableFunctions = FrozenSet.Create(
        "generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest");

    /// <summary>They tell about the session, change it, or hold a thread.</summary>
    public static readonly FrozenSet<string> Refused = FrozenSet.Create(
        "current_connection_id", "current_query", "current_query_id", "current_setting", "current_transaction_id", "currval", "getenv", "getvariable",
        "json_serialize_plan", "nextval", "pg_sleep", "setseed", "sleep_ms", "stats", "txid_current", "write_log");

    /// <summary>Another run gives another value.</summary>
    public static readonly FrozenSet<string> Unrepeatable = FrozenSet.Create(
        "ago", "current_date", "current_localtime", "current_localtimestamp", "current_time", "current_timestamp", "gen_random_uuid", "get_current_time",
        "get_current_timestamp", "localtime", "localtimestamp", "now", "pg_conf_load_time", "pg_postmaster_start_time", "random", "today",
        "transaction_timestamp", "uuid", "uuidv4", "uuidv7");

    /// <summary>They make a value as long as one argument says (its 0-based index), or as all say (-1).</summary>
    public static readonly FrozenDictionary<string, int> Sized = new Dictionary<string, int>
    {
        ["array_resize"] = 1, ["bar"] = 3, ["generate_series"] = -1, ["list_resize"] = 1, ["lpad"] = 1, ["range"] = -1, ["repeat"] = 1, ["rpad"] = 1,
    }.ToFrozenDictionary();

    /// <summary>The longest that a stranger may ask of one of <see cref="Sized"/>.</summary>
    public const int LimitSize = 10_000;

    /// <summary>DuckDB folds the case of ASCII letters only: a wider folding would take one table's name for another's.</summary>
    public static string Fold(string name) => string.Create(name.Length, name, static (folded, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            folded[i] = char.IsAsciiLetterUpper(source[i]) ? (char)(source[i] | 0x20) : source[i];
        }
    });
}
