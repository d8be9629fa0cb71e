using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Prediction;

/// <summary>What a regression learns from, and what it predicts, as SQL over two Parquet files of the same rows in the same order: keys with time and target, and features.</summary>
internal sealed class PredictionSql(PredictionDefinition prediction, string keys, string features)
{
    // Names that no column has.
    private const string Time = " time";
    private const string Target = " target";
    private const string Keys = " keys";
    private const string Features = " features";

    /// <summary>What the intercept is called among the features.</summary>
    public const string Intercept = "(intercept)";

    /// <summary>A SELECT of the columns of the table with the weights.</summary>
    public static string EmptyCoefficients => "select '' as feature, 0::double as coefficient";

    private string Rows => $"""
        (select "{Keys}".{Sql.Identifier(prediction.Time)}::timestamp as "{Time}", "{Keys}".{Sql.Identifier(prediction.Target)}::double as "{Target}", "{Keys}", "{Features}"
        from read_parquet({Sql.Literal(keys)}) "{Keys}" positional join read_parquet({Sql.Literal(features)}) "{Features}")
        """;

    /// <summary>A SELECT of the columns of the table with the predictions.</summary>
    /// <exception cref="QueryException">A column is not there, the time is none, or the target is no number.</exception>
    public static string Empty(PredictionDefinition prediction, MartColumns columns)
    {
        var (time, target) = (columns.Find(prediction.Time, "time"), columns.Find(prediction.Target, "target"));
        if (!time.IsDate && !time.IsTime)
        {
            throw new QueryException($"time: '{time.Name}' is {time.Kind}: expected a date or a time.");
        }

        if (!target.IsNumber)
        {
            throw new QueryException($"target: '{target.Name}' is {target.Kind}: expected a number.");
        }

        var told = Told(prediction).Select(k => columns.Find(k, "key").Sql);
        return $"select {string.Join(", ", told)}, 0::double as actual, 0::double as predicted, 0::double as residual, '' as part from {prediction.From}";
    }

    /// <summary>The columns that are in the table of predictions besides what is predicted.</summary>
    public static IEnumerable<string> Told(PredictionDefinition prediction) => prediction.Key.Append(prediction.Time).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Writes the two files.</summary>
    public void Write(MartFeatures rows)
    {
        File.Delete(keys);
        File.Delete(features);
        rows.WriteKeys(keys);
        rows.Write(features);
    }

    /// <summary>A SELECT as <see cref="RegressionRows.Read"/> takes it, of the rows with a target.</summary>
    public string Learning(DuckDbSession session)
    {
        var names = session.Describe($"select * from read_parquet({Sql.Literal(features)})").Select(c => c.Name).ToList();
        return RegressionRows.Select(Time, names, Target, $"""select "{Time}", "{Features}".*, "{Target}" from {Rows} where "{Target}" is not null""");
    }

    /// <summary>A SELECT of what a model predicts of each row.</summary>
    public string Predicted(TrainedRegression trained)
    {
        var told = Told(prediction).Select(k => $"\"{Keys}\".{Sql.Identifier(k)} as {Sql.Identifier(k)}");
        var terms = trained.Model.Features.Select((name, i) => $" + {FeatureSql.Number(trained.Model.Coefficients[i])} * \"{Features}\".{Sql.Identifier(name)}::double");
        return $"""
            select {string.Join(", ", told)}, "{Target}" as actual, predicted, "{Target}" - predicted as residual,
            case when "{Target}" is null or "{Time}" is null or "{Time}" > {Literal(trained.TestedTo)} then 'new' when "{Time}" < {Literal(trained.TrainedBefore)} then 'training' when "{Time}" < {Literal(trained.ValidatedBefore)} then 'validation' else 'test' end as part
            from (select *, {FeatureSql.Number(trained.Model.Intercept)}{string.Concat(terms)} as predicted from {Rows})
            """;
    }

    private static string Literal(DateTime time) => string.Create(CultureInfo.InvariantCulture, $"'{time:yyyy-MM-dd HH:mm:ss.ffffff}'::timestamp");
}
