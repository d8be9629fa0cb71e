using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Definitions;

/// <summary>Names steps of a pipeline: <c>silver.orders</c> the step that makes that table, <c>silver.orders+</c> also all that follow from it.</summary>
public readonly record struct StepSelector(TableKey Table, bool WithDescendants)
{
    private const char Descendants = '+';

    /// <summary>Reads <c>layer.name</c> or <c>layer.name+</c>.</summary>
    public static bool TryParse(string text, out StepSelector selector)
    {
        ArgumentNullException.ThrowIfNull(text);
        var descendants = text.EndsWith(Descendants);
        var known = TableKey.TryParseStep(descendants ? text[..^1] : text, out var table);
        selector = new StepSelector(table, descendants);
        return known;
    }

    /// <summary>The tables of the steps that selectors name, in the order of the steps; none where there are no selectors.</summary>
    /// <exception cref="UnknownStepException">The pipeline has no such step.</exception>
    public static IReadOnlyList<TableKey> Expand(CompiledPipeline pipeline, IReadOnlyList<StepSelector> selectors)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(selectors);
        foreach (var unknown in selectors.Where(s => pipeline.Steps.All(step => step.Table != s.Table)))
        {
            throw new UnknownStepException(unknown.Table.ToString(), pipeline);
        }

        var selected = selectors.Select(s => s.Table).ToHashSet();
        var spreading = selectors.Where(s => s.WithDescendants).Select(s => s.Table).ToHashSet();
        foreach (var step in pipeline.Steps.Where(s => s.Inputs.Any(i => spreading.Contains(Step.MakerOf(i)))))
        {
            // Steps come after their inputs: one pass reaches all descendants.
            selected.Add(step.Table);
            spreading.Add(step.Table);
        }

        return [.. pipeline.Steps.Select(s => s.Table).Where(selected.Contains)];
    }

    /// <inheritdoc/>
    public override string ToString() => WithDescendants ? $"{Table}{Descendants}" : Table.ToString();
}
