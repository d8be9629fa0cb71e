using System.Text.Json;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <summary>What makes a reader refuse data of a writer, by Confluent's names (its <c>Difference.Type</c>).</summary>
internal enum DifferenceRule
{
    TypeChanged,
    TypeNarrowed,
    EnumArrayChanged,
    EnumArrayNarrowed,
    PatternAdded,
    PatternChanged,
    MultipleOfAdded,
    MultipleOfChanged,
    MultipleOfExpanded,
    MaximumAdded,
    MaximumDecreased,
    MinimumAdded,
    MinimumIncreased,
    ExclusiveMaximumAdded,
    ExclusiveMaximumDecreased,
    ExclusiveMinimumAdded,
    ExclusiveMinimumIncreased,
    MaxLengthAdded,
    MaxLengthDecreased,
    MinLengthAdded,
    MinLengthIncreased,
    MaxItemsAdded,
    MaxItemsDecreased,
    MinItemsAdded,
    MinItemsIncreased,
    MaxContainsAdded,
    MaxContainsDecreased,
    MinContainsAdded,
    MinContainsIncreased,
    MaxPropertiesAdded,
    MaxPropertiesDecreased,
    MinPropertiesAdded,
    MinPropertiesIncreased,
    UniqueItemsAdded,
    RequiredAttributeAdded,
    PropertyRemovedFromClosedContentModel,
    PropertyRemovedNotCoveredByPartiallyOpenContentModel,
    OptionalPropertyAddedToOpenContentModel,
    RequiredPropertyAddedToOpenContentModel,
    RequiredPropertyWithDefaultAddedToOpenContentModel,
    RequiredPropertyAddedToUnopenContentModel,
    PropertyAddedNotCoveredByPartiallyOpenContentModel,
    AdditionalPropertiesRemoved,
    AdditionalPropertiesNarrowed,
    DependencyArrayAdded,
    DependencyArrayChanged,
    DependencyArrayExtended,
    DependencySchemaAdded,
    SchemaAdded,
    ItemRemovedFromClosedContentModel,
    ItemRemovedNotCoveredByPartiallyOpenContentModel,
    ItemAddedToOpenContentModel,
    ItemAddedNotCoveredByPartiallyOpenContentModel,
    AdditionalItemsRemoved,
    AdditionalItemsNarrowed,
    ProductTypeExtended,
    SumTypeNarrowed,
    CombinedTypeChanged,
    CombinedTypeSubschemasChanged,
    NotTypeExtended,
}

/// <summary>A place where a reader does not take what a writer may write.</summary>
/// <param name="Path">Where, below the two schemas that were compared: <c>/properties/id</c>; empty: they themselves.</param>
/// <param name="Rule">Why.</param>
/// <param name="Writer">What the writer says there; null: nothing.</param>
/// <param name="Reader">What the reader says there; null: nothing.</param>
internal sealed record SchemaDifference(string Path, DifferenceRule Rule, string? Writer, string? Reader)
{
    /// <summary>Whether it was found further up already: the place leads back there.</summary>
    public bool Repeated { get; init; }

    /// <summary>Confluent's name of the rule.</summary>
    public string RuleName => JsonNamingPolicy.SnakeCaseUpper.ConvertName(Rule.ToString());

    /// <summary>The same difference seen from further up.</summary>
    public SchemaDifference Under(string parent) => this with { Path = parent + Path };
}
