using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

/// <summary>What is wrong in pipeline.yaml is told with its line, what was found and what was expected.</summary>
public sealed class PipelineFileTests(MedallionFixture medallion)
{
    private const string Source = "name: shop\nsources:\n  orders:\n    connector: file\n    path: shop/orders.csv\n";

    [Theory]
    [InlineData("nme: shop\nsources: {orders: {connector: file, path: a.csv}}", "pipeline.yaml:1: unknown key 'nme' in the file: did you mean 'name'?", "pipeline.yaml:1: the file has no 'name'")]
    [InlineData(Source + "    colums:\n      id: {type: bigint}", "pipeline.yaml:6: unknown key 'colums' in source 'orders': did you mean 'columns'?")]
    [InlineData(Source + "    frequency: daily", "pipeline.yaml:6: unknown key 'frequency' in source 'orders': expected one of connector, hub, land, path")]
    [InlineData(Source + "    columns:\n      id: {type: bigint, requird: true}", "pipeline.yaml:7: unknown key 'requird' in column 'id': did you mean 'required'?")]
    [InlineData(Source + "    rules:\n      - {id: a, expects: 'true'}", "pipeline.yaml:7: unknown key 'expects' in a rule of source 'orders': did you mean 'expect'?", "pipeline.yaml:7: a rule of source 'orders' has no 'expect'")]
    [InlineData(Source + "    partition: {by: id, at: [year]}", "pipeline.yaml:6: unknown key 'at' in 'partition': did you mean 'as'?", "pipeline.yaml:6: 'as' is []: expected one or more of year, month, day")]
    [InlineData(Source + "metrics:\n  a: {from: silver.orders, exp: 'count(*)'}", "pipeline.yaml:7: unknown key 'exp' in metric 'a': did you mean 'expr'?", "pipeline.yaml:7: metric 'a' has no 'expr'")]
    [InlineData(Source + "    key: order_id", "pipeline.yaml:6: 'key' in source 'orders' is 'order_id': expected a list of values, such as [a, b]")]
    [InlineData(Source + "    columns: [id, amount]", "pipeline.yaml:6: 'columns' is a list: expected keys and values")]
    [InlineData(Source + "    columns:\n      id: bigint", "pipeline.yaml:7: column 'id' is 'bigint': expected keys and values", "pipeline.yaml:7: column 'id' has no 'type'")]
    [InlineData(Source + "    rules: {id: a, expect: 'true'}", "pipeline.yaml:6: 'rules' in source 'orders' is a mapping: expected a list")]
    [InlineData(Source + "    load: [full]", "pipeline.yaml:6: 'load' in source 'orders' is a list: expected a single value")]
    [InlineData(Source + "    load: everything", "pipeline.yaml:6: 'load' in source 'orders' is 'everything': expected one of incremental, full")]
    [InlineData(Source + "    format: xlsx", "pipeline.yaml:6: 'format' in source 'orders' is 'xlsx': expected one of csv, json, ndjson, parquet")]
    [InlineData(Source + "    columns:\n      id: {type: bigint, required: yes}", "pipeline.yaml:7: 'required' in column 'id' is 'yes': expected true or false")]
    [InlineData(Source + "    partition: {by: id, as: [week]}", "pipeline.yaml:6: 'as' is [week]: expected one or more of year, month, day")]
    [InlineData(Source + "    rules:\n      - {id: a, expect: 'id > 0', otherwise: ignore}", "pipeline.yaml:7: 'otherwise' in a rule of source 'orders' is 'ignore': expected one of reject, warn, fail")]
    [InlineData("name: shop\nsources:\n  orders:\n    connector: ftp\n    path: a.csv", "pipeline.yaml:4: source 'orders' has the connector 'ftp': expected file")]
    [InlineData("name: shop\nsources:\n  orders:\n    connector: file", "pipeline.yaml:3: source 'orders' has no 'path'")]
    [InlineData("name: shop\nsources:\n  orders: {connector: file, path: ../secret.csv}", "pipeline.yaml:3: '../secret.csv' is not a path in the container 'landing'")]
    [InlineData("name: shop\nsources:\n  Orders: {connector: file, path: a.csv}", "pipeline.yaml:3: 'Orders' cannot name a source")]
    [InlineData("name: shop", "pipeline.yaml:1: there is no source")]
    [InlineData("", "pipeline.yaml:1: the file is empty")]
    [InlineData("name: bakery\nsources: {orders: {connector: file, path: a.csv}}", "pipeline.yaml:1: the pipeline is named 'bakery' but its folder 'shop'")]
    [InlineData("name: shop\nsources:\n  orders: {connector: file, path: a.csv}\n  orders: {connector: file, path: b.csv}", "pipeline.yaml:4: not valid YAML: Duplicate key orders")]
    [InlineData("name: shop\nsources:\n\torders: 1", "pipeline.yaml:3: not valid YAML: the line is indented by a tab, expected spaces")]
    [InlineData("name: 'shop\nsources: {", "pipeline.yaml:1: not valid YAML")]
    [InlineData("-\t:", "pipeline.yaml:1: not valid YAML: a value ends where none was expected")]
    [InlineData("- name: shop", "pipeline.yaml:1: the file is a list: expected keys and values")]
    [InlineData("name: shop\nsources: {orders: {connector: file, path: a.csv}}\n---\nname: other", "pipeline.yaml:4: the file holds more than one YAML document")]
    [InlineData(Source + "    columns:\n      id: {from: Id, expr: 'Id', type: bigint}", "pipeline.yaml:7: column 'id' has both 'from' and 'expr'")]
    [InlineData(Source + "    key: [order_id]\n    latest_by: day\n    columns:\n      id: {type: bigint}", "pipeline.yaml:6: 'key' of source 'orders' names 'order_id', which is not one of its columns: id", "pipeline.yaml:7: 'latest_by' of source 'orders' names 'day'")]
    [InlineData(Source + "    rules:\n      - {id: a, expect: 'id > 0'}\n      - {id: a, expect: 'id > 1'}", "pipeline.yaml:6: source 'orders' has more than one rule 'a'")]
    [InlineData(Source + "    columns:\n      _file: {type: varchar}", "pipeline.yaml:7: '_file' cannot name a column")]
    [InlineData(Source + "    partition: {by: day, as: [year]}\n    columns:\n      day: {type: date}\n      year: {type: bigint}", "pipeline.yaml:6: the partition column 'year' of source 'orders' has the name of a declared column")]
    [InlineData(Source + "models:\n  gold.totals: {description: a}", "pipeline.yaml:7: model 'gold.totals' has no SQL file: expected models/gold/totals.sql")]
    [InlineData(Source + "models:\n  totals: {description: a}", "pipeline.yaml:7: model 'totals' has no SQL file: expected models/LAYER/NAME.sql")]
    [InlineData(Source + "metrics:\n  a: {from: silver.order, expr: 'count(*)'}", "pipeline.yaml:7: metric 'a' is measured on the unknown table 'silver.order': expected one of silver.orders")]
    [InlineData(Source + "metrics:\n  a: {from: orders, expr: 'count(*)'}", "pipeline.yaml:7: metric 'a' is measured on 'orders': expected a table such as silver.orders")]
    public void Compile_BadPipelineFile_IsRefusedWithLine(string yaml, params string[] expected)
    {
        var problems = TestDefinition.Problems(medallion, yaml);

        Assert.Equal(expected.Length, problems.Count);
        Assert.All(expected, text => Assert.Contains(problems, p => p.StartsWith(text, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("type: bigit", "column 'id': Catalog error: Type with name bigit does not exist")]
    [InlineData("type: time", "column 'id': The column 'id' is a TIME, which a table cannot hold")]
    [InlineData("type: 'bigint, (select 1)'", "column 'id': 'bigint, (select 1)' is not a type")]
    [InlineData("type: 'bigint) + (1'", "column 'id': 'bigint) + (1' is not a type")]
    [InlineData("type: bigint, min: low", "column 'id': Conversion error: Could not convert string 'low' to INT64")]
    [InlineData("type: date, max: 2024-13-01", "column 'id': Conversion error: date field value out of range: \"2024-13-01\"")]
    [InlineData("type: bigint, in: [1, two]", "column 'id': Conversion error: Could not convert string 'two' to INT64")]
    [InlineData("type: bigint, default: none", "column 'id': 'default' is 'none', which is not a BIGINT")]
    [InlineData("type: varchar, pattern: '[a-'", "column 'id': Invalid Input error: missing ]: [a-")]
    [InlineData("type: date, format: '%d/%m/%Y', default: 2024-01-31", "column 'id': 'default' is '2024-01-31', which is not a DATE written as %d/%m/%Y")]
    [InlineData("type: date, format: '%Q'", "column 'id': Invalid Input error: Failed to parse format specifier %Q")]
    [InlineData("type: bigint, format: '%Y'", "column 'id': 'format' says how a date or time is written, but the column is a BIGINT")]
    [InlineData("type: bigint, expr: 'Id +'", "column 'id': Parser error: syntax error")]
    [InlineData("type: bigint, expr: '(select max(x) from t)'", "column 'id': Refused at character")]
    [InlineData("type: bigint, expr: 'sum(Id)'", "column 'id': Refused at character 2: the expression is taken row by row, and sum is an aggregate")]
    [InlineData("type: timestamptz, expr: 'now()'", "column 'id': Refused at character 2: now() gives another value in every run")]
    public void Compile_BadColumn_IsRefusedWithLine(string column, string expected)
    {
        var problem = TestDefinition.Problem(medallion, Source + $"    columns:\n      id: {{{column}}}");

        Assert.StartsWith("pipeline.yaml:7: " + expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expect: amout > 0", "rule 'a': Binder error: Referenced column \"amout\" not found in FROM clause!")]
    [InlineData("expect: amount >", "rule 'a': Parser error: syntax error")]
    [InlineData("expect: id in (select 1)", "rule 'a': Refused at character")]
    [InlineData("expect: random() > 0.5", "rule 'a': Refused at character 2: random() gives another value in every run")]
    [InlineData("expect: 'true; drop table x'", "rule 'a': ")]
    public void Compile_BadRule_IsRefusedWithLine(string rule, string expected)
    {
        var problem = TestDefinition.Problem(medallion, TestDefinition.Orders + $"    rules:\n      - id: a\n        {rule}");

        Assert.StartsWith("pipeline.yaml:11: " + expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sum(amout)", "Binder error: Referenced column \"amout\" not found in FROM clause!")]
    [InlineData("amount", "gives a value for every row: expected an aggregate, such as sum(amount)")]
    [InlineData("max(id)::varchar", "gives a VARCHAR: expected a number")]
    [InlineData("count(*) from secrets", "One expression was expected")]
    public void Compile_BadMetric_IsRefusedWithLine(string expression, string expected)
    {
        var problem = TestDefinition.Problem(medallion, TestDefinition.Orders + $"metrics:\n  a:\n    from: silver.orders\n    expr: \"{expression}\"");

        Assert.StartsWith("pipeline.yaml:12: metric 'a'", problem, StringComparison.Ordinal);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_PartitionByText_IsRefusedWithLine()
    {
        var problem = TestDefinition.Problem(medallion, Source + "    columns:\n      id: {type: varchar}\n    partition: {by: id, as: [year]}");

        Assert.Equal("pipeline.yaml:8: source 'orders' is partitioned by 'id', a VARCHAR: expected a date or timestamp", problem);
    }

    [Fact]
    public void Compile_SeveralProblems_AreToldAtOnce()
    {
        var problems = TestDefinition.Problems(
            medallion,
            Source + "    load: never\n    columns:\n      id: {type: bigit}\n    rules:\n      - {id: a, expect: 'id >'}\nmetrics:\n  b: {from: gold.x, expr: 'count(*)'}",
            ("models/gold/y.sql", "select *\nfrom silver.nothing"));

        Assert.Equal(["pipeline.yaml:6", "pipeline.yaml:8", "pipeline.yaml:10", "pipeline.yaml:12", "models/gold/y.sql:2"], problems.Select(p => p[..p.IndexOf(": ", StringComparison.Ordinal)]));
    }

    [Fact]
    public void Compile_NoPipelineFile_IsRefused()
    {
        var files = new DefinitionFiles { Name = "shop", Files = new(StringComparer.Ordinal) { ["models/gold/a.sql"] = "select 1 as a" } };

        Assert.Contains("the folder has no pipeline.yaml", Assert.Throws<DefinitionException>(() => new DefinitionCompiler(new Engine(new EngineOptions())).Compile(files)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_TypeAliases_BecomeTheTypesThatTablesKnow()
    {
        var compiled = TestDefinition.Compile(medallion, Source + "    columns:\n      a: {type: int}\n      b: {type: string}\n      c: {type: numeric(5)}\n      d: {type: timestamp}\n      e: {type: 'text[]'}");

        Assert.Equal(["INTEGER", "VARCHAR", "DECIMAL(5,0)", "TIMESTAMP WITH TIME ZONE", "VARCHAR[]"], compiled.Definition.Sources[0].Columns.Select(c => c.Type));
    }
}
