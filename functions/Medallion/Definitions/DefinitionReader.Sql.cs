using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Definitions;

/// <content>Sources that are tables or queries of a database.</content>
internal sealed partial class DefinitionReader
{
    private static readonly string[] Secrets = ["password", "pwd", "user", "username", "user_id", "connection_string", "connectionstring", "secret", "token", "account_key", "access_key", "api_key"];

    private static SqlDefinition? ReadSql(YamlMap map, string name, string connector)
    {
        if (connector != PipelineKeys.Sql)
        {
            foreach (var key in PipelineKeys.Database.Where(map.Has).Except(connector switch { PipelineKeys.Rest => PipelineKeys.DatabaseAndRest, PipelineKeys.TableConnector => [.. PipelineKeys.DatabaseAndTable, "cursor"], _ => [] }))
            {
                map.ProblemAt(key, $"source '{name}' has '{key}', which is for the connector {PipelineKeys.Sql}");
            }

            return null;
        }

        foreach (var key in PipelineKeys.Files.Where(k => k != "load" && map.Has(k)))
        {
            map.ProblemAt(key, $"source '{name}' has '{key}', which is for files");
        }

        var sql = new SqlDefinition
        {
            Connection = ReadConnection(map, name),
            Table = map.Text("table"),
            Query = map.Text("query")?.Trim().TrimEnd(';'),
            Cursor = map.Text("cursor"),
            Lookback = map.Text("lookback") is { } lookback ? ReadSpan(map, "lookback", lookback) ?? TimeSpan.Zero : TimeSpan.Zero,
            SplitBy = map.Text("split_by"),
        };
        if (sql.Table is null == sql.Query is null)
        {
            map.ProblemAt(sql.Query is null ? "connector" : "query", $"source '{name}' has {(sql.Query is null ? "neither 'table' nor 'query'" : "both 'table' and 'query'")}: expected one of them");
        }

        CheckLoad(map, name, sql, map.Choice("load", LoadMode.Incremental));
        return sql;
    }

    private static void CheckLoad(YamlMap map, string name, SqlDefinition sql, LoadMode load)
    {
        if (load == LoadMode.Incremental && sql.Cursor is null)
        {
            map.ProblemAt("connector", $"source '{name}' has no 'cursor': an incremental load needs the column that grows with every change of a row, such as updated_at; 'load: full' takes all rows every time");
        }

        foreach (var key in PipelineKeys.Increment.Where(k => load == LoadMode.Full && map.Has(k)))
        {
            map.ProblemAt(key, $"source '{name}' has '{key}', which is for incremental loads: a full load reads the whole table in one snapshot of the database");
        }
    }

    private static string ReadConnection(YamlMap map, string name) => ReadConnectionOf(map, $"source '{name}'");

    // The text is not repeated: it may hold what nobody is to read.
    private static string ReadConnectionOf(YamlMap map, string owner)
    {
        var connection = map.RequiredText("connection");
        if (connection.Length > 0 && !ConnectionName().IsMatch(connection))
        {
            map.ProblemAt("connection", $"'connection' of {owner} is no name of a connection: expected letters, digits, '_' and '-'. A connection string belongs into the app's settings, as Connections__NAME; here stands NAME");
            return "";
        }

        return connection;
    }

    private static void RefuseSecrets(YamlMap map, string name) => RefuseSecretsOf(map, $"source '{name}'");

    private static void RefuseSecretsOf(YamlMap map, string owner)
    {
        foreach (var key in map.Keys.Where(k => Secrets.Contains(k.ToLowerInvariant())))
        {
            map.ProblemAt(key, $"{owner} has '{key}': passwords and connection strings have no place in a definition. Put the connection string into the app's setting Connections__NAME, or a Key Vault reference to it, and write 'connection: NAME'");
        }
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,99}$")]
    private static partial Regex ConnectionName();
}
