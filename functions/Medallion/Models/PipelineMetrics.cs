using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Models;

/// <summary>A metric with its present value.</summary>
public sealed record MetricValue
{
    /// <summary>The metric's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its value; null where its table is empty or not built yet.</summary>
    public decimal? Value { get; init; }

    /// <summary>Its unit.</summary>
    public string? Unit { get; init; }

    /// <summary>What it means.</summary>
    public string? Description { get; init; }

    /// <summary>The table that it is measured on.</summary>
    public required TableKey From { get; init; }
}

/// <summary>A pipeline's metrics on its tables as they are now.</summary>
public sealed class PipelineMetrics
{
    private readonly DefinitionStore definitions;
    private readonly MetricEvaluator evaluator;

    internal PipelineMetrics(DefinitionStore definitions, MetricEvaluator evaluator) => (this.definitions, this.evaluator) = (definitions, evaluator);

    /// <summary>Measures all metrics of a pipeline.</summary>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    public async Task<IReadOnlyList<MetricValue>> MeasureAsync(string pipeline, CancellationToken cancellationToken)
    {
        var definition = (await definitions.LoadAsync(pipeline, cancellationToken)).Definition;
        var values = await evaluator.EvaluateAsync(definition, cancellationToken);
        return [.. definition.Metrics.Select(m => new MetricValue { Name = m.Name, Value = values[m.Name], Unit = m.Unit, Description = m.Description, From = m.From })];
    }
}
