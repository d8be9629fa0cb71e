namespace Pipeline.Medallion.Clustering;

/// <summary>Whether features are brought to one scale before distances are measured.</summary>
public enum FeatureScaling
{
    /// <summary>As they are: for features of one unit.</summary>
    None,

    /// <summary>Each column divided by its standard deviation: for features of different units. A constant column stays as it is.</summary>
    Standard,
}
