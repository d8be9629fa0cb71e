using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Tests.Mart;

/// <summary>SQL at random, most of which means harm.</summary>
public sealed class RandomSqlTests(MedallionFixture medallion) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pipeline-sql-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Each is answered or refused; nothing is written, and nothing shows but the pipeline's tables. SQL_FUZZ_QUERIES says how many.
    [Fact]
    public async Task Query_RandomSql_IsAnsweredOrRefused()
    {
        var secret = Path.Combine(folder, "secret.csv");
        await System.IO.File.WriteAllTextAsync(secret, "a\nhidden in a file\n", TestContext.Current.CancellationToken);
        var random = new Random(Number("SQL_FUZZ_SEED", 1));
        var queries = Number("SQL_FUZZ_QUERIES", 300);
        var mart = await MartPipeline.StartAsync(medallion, Enumerable.Range(0, 50).Select(i => new MartRow(i) { Name = $"n{i % 7}", Amount = i }));
        var other = await MartPipeline.StartAsync(medallion, [new(1) { Name = "hidden in another pipeline" }]);
        var sql = mart.Pipeline.Floor.GetRequiredService<SqlQuery>();
        var whole = await mart.RowsAsync("""{"orderBy": [{"column": "id"}]}""");
        var writer = new SqlWriter(random, secret, Path.Combine(folder, "written"), other.Name);
        var (answered, refused) = (0, 0);
        for (var round = 0; round < queries; round++)
        {
            var text = writer.Next();
            try
            {
                var answer = await sql.RunAsync(mart.Name, text, TestContext.Current.CancellationToken);
                var rows = string.Join('\n', answer.Rows.Select(r => r.ToJsonString()));
                Assert.False(rows.Contains("hidden in", StringComparison.Ordinal) || rows.Contains(folder, StringComparison.Ordinal), text);
                Assert.True(answer.Rows.Count <= SqlQuery.RowLimit, text);
                answered++;
            }
            catch (Exception error) when (error is QueryException or UnknownTableException)
            {
                Assert.False(error.Message.Contains("hidden in", StringComparison.Ordinal), text);
                refused++;
            }
        }

        Assert.Equal(whole, await mart.RowsAsync("""{"orderBy": [{"column": "id"}]}"""));
        Assert.Equal([secret], Directory.GetFileSystemEntries(folder));
        Assert.True(answered > queries / 10 && refused > queries / 4, $"{answered} answered, {refused} refused");
        TestContext.Current.SendDiagnosticMessage($"{answered} answered, {refused} refused");
    }

    private static int Number(string variable, int byDefault) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : byDefault;

    /// <summary>Writes SQL: a query over the table, into which harm is put, and which then is damaged.</summary>
    private sealed class SqlWriter(Random random, string secret, string target, string other)
    {
        private readonly string[] relations =
        [
            "silver.f", "silver.f", "silver.f", "bronze.f", "rejected.f", "gold.f", "(select * from silver.f)", "(values (1, 'a')) v(id, name)", "range(5) r(id)", "unnest([1, 2]) u(id)", $"'{secret}'", $"read_csv('{secret}')",
            $"read_text('{secret}')", $"read_blob('{secret}')", $"glob('{Path.GetDirectoryName(secret)}/*')", $"sniff_csv('{secret}')", $"query('select * from read_csv(''{secret}'')')", "query_table('silver.f')", "duckdb_settings()",
            "duckdb_secrets()", "duckdb_databases()", "duckdb_temporary_files()", "duckdb_logs", "information_schema.tables", "pg_catalog.pg_class", "sqlite_master", "memory.main.f", "session_1.silver.f", "temp.main.f", "system.main.f",
            $"\"{other}\".silver.f", $"silver.\"../{other}/f\"", $"silver.{other}", "(from silver.f)", "(pivot silver.f on name using count(*))", "(describe silver.f)", "(summarize silver.f)", "(show tables)", "pragma_table_info('silver.f')", "seq_scan('silver.f')",
        ];

        private readonly string[] values =
        [
            "id", "name", "amount", "f.id", "*", "1", "'a'", "null", "id + 1", "count(*)", "sum(amount)", "max(name)", "row_number() over ()", "current_setting('temp_directory')", "getenv('HOME')", "getvariable('x')", "nextval('s')", "version()",
            "current_database()", "current_schemas(true)", "pg_sleep(1)", "error('x')", "repeat('x', 10000000000)", "range(1000000000)", "sqrt(-1)", "1/0", $"(select a from read_csv('{secret}'))", "columns(*)", "struct_pack(a := id)", "list_transform([1], x -> x + id)",
            "id::blob", "cast(name as json)", "regexp_replace(name, '(a+)+$', '')", "md5(name)", "write_log('x')", "in_search_path('a', 'b')", "txid_current()", "parse_path(name)", "$1", "?", "id IN (select id from silver.f)", "exists (from silver.f)",
        ];

        private readonly string[] whole =
        [
            $"copy silver.f to '{target}'", $"copy (select 1) to '{target}' (format parquet)", $"export database '{target}'", $"attach '{target}' as x", "attach ':memory:' as x", "detach memory", "install httpfs", "load httpfs", "set memory_limit = '100GB'",
            "set global enable_external_access = true", "reset lock_configuration", "pragma database_list", "pragma enable_profiling", $"pragma profiling_output = '{target}'", $"set log_query_path = '{target}'", $"set temp_directory = '{target}'", "drop table silver.f",
            "drop schema silver cascade", "delete from silver.f", "update silver.f set name = 'x'", "insert into silver.f (id) values (99)", "create table t as select 1", "create or replace view silver.f as select 1", "create macro m() as 1", "alter table silver.f add column z integer",
            "truncate silver.f", "vacuum", "checkpoint", "begin", "use memory", "call pragma_version()", "explain analyze select * from silver.f", "prepare p as select 1", "execute p", "from silver.f", "values (1)", "table silver.f", "select", "", ";", "--", "/*", "select 1; drop table silver.f",
        ];

        public string Next()
        {
            var text = random.Next(6) == 0 ? Pick(whole) : Select(2);
            for (var damage = random.Next(4) == 0 ? random.Next(1, 4) : 0; damage > 0; damage--)
            {
                text = Damage(text);
            }

            return text;
        }

        private string Select(int depth)
        {
            var text = new StringBuilder();
            if (random.Next(6) == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"with {(random.Next(3) == 0 ? "recursive " : "")}{(random.Next(2) == 0 ? "c" : "silver")} as ({(depth > 0 ? Select(depth - 1) : "select 1")}) ");
            }

            text.Append(CultureInfo.InvariantCulture, $"select {(random.Next(8) == 0 ? "distinct " : "")}{string.Join(", ", Enumerable.Range(0, random.Next(1, 4)).Select(_ => Value(depth)))} from {Relation(depth)}");
            if (random.Next(4) == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Pick("cross join", "natural join", "left join lateral", "positional join", ",", "asof join", "semi join")} {Relation(depth)}{(random.Next(2) == 0 ? " on true" : "")}");
            }

            text.Append(random.Next(3) == 0 ? $" where {Value(depth)} {Pick("=", "<", "like", "is not distinct from", "in", "~")} {Value(depth)}" : "");
            text.Append(random.Next(5) == 0 ? $" group by {Pick("all", "1", "name", "rollup (id, name)")}" : "");
            text.Append(random.Next(5) == 0 ? $" order by {Pick("all", "1", "random()", Value(0))}" : "");
            text.Append(random.Next(3) == 0 ? $" limit {Pick("5", "1%", "1e18", "(select 5)", "-1")}" : "");
            text.Append(random.Next(10) == 0 && depth > 0 ? $" {Pick("union all", "except", "intersect", "union all by name")} {Select(depth - 1)}" : "");
            text.Append(random.Next(12) == 0 ? Pick(";", "; " + Pick(whole), " -- x", " using sample 10%", " offset 3") : "");
            return text.ToString();
        }

        // Most of what is asked is good, or nothing would ever be answered.
        private string Value(int depth) => depth > 0 && random.Next(10) == 0 ? $"({Select(depth - 1)})" : random.Next(4) > 0 ? values[random.Next(9)] : Pick(values);

        private string Relation(int depth) => depth > 0 && random.Next(8) == 0 ? $"({Select(depth - 1)}) s" : random.Next(3) > 0 ? "silver.f" : Pick(relations);

        private string Damage(string text)
        {
            var position = random.Next(text.Length + 1);
            return random.Next(4) switch
            {
                0 => text.Insert(position, Pick("'", "\"", ";", "(", ")", "--", "/*", "\0", "🦆", "$$", "\\", "\n", "E'", "::", "%")),
                1 when text.Length > 0 => text.Remove(Math.Min(position, text.Length - 1), 1),
                2 => text[..position],
                _ => text.Insert(position, Pick(values)),
            };
        }

        private string Pick(params string[] choices) => choices[random.Next(choices.Length)];
    }
}
