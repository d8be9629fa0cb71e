using Pipeline.Medallion.Learning;

namespace Pipeline.Medallion.Clustering;

/// <summary>Centroids in the units of the columns that features were made of: scaling and logarithms are undone. A category's value is its share of the cluster.</summary>
internal static class CentroidValues
{
    /// <summary>The columns, in the order of the features, with names that a table can have.</summary>
    public static IReadOnlyList<string> Columns(TrainedClusters trained)
    {
        var names = new List<string>();
        foreach (var feature in trained.Model.Features)
        {
            var name = string.Concat(feature.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? char.ToLowerInvariant(c) : '_'));
            names.Add(names.Contains(name) || name is "cluster" or "size" ? $"{name}_{names.Count + 1}" : name);
        }

        return names;
    }

    /// <summary>The values of a centroid.</summary>
    public static IEnumerable<double> Of(TrainedClusters trained, int cluster) => trained.Model.Features.Zip(trained.Model.Centroids[cluster], (name, value) =>
    {
        for (var i = 0; i < trained.Features.Count; i++)
        {
            // What is made of a column whole has the column's name.
            if (trained.Features[i].Column == name && trained.Fitted.Columns[i] is var fitted)
            {
                var unscaled = fitted is { Scale: { } scale, Centre: { } centre } ? (value * scale) + centre : value;
                return trained.Features[i].Log ? Math.Exp(unscaled) - 1 : unscaled;
            }
        }

        return value;
    });
}
