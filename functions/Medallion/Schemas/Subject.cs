using Azure;

namespace Pipeline.Medallion.Schemas;

/// <summary>A version of a subject.</summary>
/// <param name="Number">From 1; a number is not given again while a version with it or a larger one is there, deleted or not.</param>
/// <param name="Id">The id of its schema.</param>
/// <param name="Deleted">Whether it is soft-deleted: not looked at for compatibility, and found only where deleted ones are asked for.</param>
public readonly record struct SubjectVersion(int Number, int Id, bool Deleted);

/// <summary>A subject as it was read.</summary>
internal sealed record Subject
{
    public required string Name { get; init; }

    /// <summary>All versions, oldest first.</summary>
    public IReadOnlyList<SubjectVersion> Versions { get; init; } = [];

    /// <summary>The subject's own compatibility; null: the global one holds.</summary>
    public CompatibilityMode? Compatibility { get; init; }

    /// <summary>What the row was as it was read; null: there was none.</summary>
    public ETag? AsItWas { get; init; }

    /// <summary>Those that are not deleted.</summary>
    public IEnumerable<SubjectVersion> Live => Versions.Where(v => !v.Deleted);

    /// <summary>Its versions, the deleted ones too if asked for.</summary>
    public IReadOnlyList<SubjectVersion> Listed(bool deleted) => deleted ? Versions : [.. Live];

    public Subject WithNext(int id) => this with { Versions = [.. Versions, new SubjectVersion(Versions.Count == 0 ? 1 : Versions[^1].Number + 1, id, Deleted: false)] };

    /// <summary>With some versions soft-deleted. A subject without versions has no compatibility of its own.</summary>
    public Subject WithDeleted(Predicate<SubjectVersion> which) => Pruned(this with { Versions = [.. Versions.Select(v => which(v) ? v with { Deleted = true } : v)] });

    /// <summary>Without some versions.</summary>
    public Subject Without(Predicate<SubjectVersion> which) => Pruned(this with { Versions = [.. Versions.Where(v => !which(v))] });

    private static Subject Pruned(Subject subject) => subject.Live.Any() ? subject : subject with { Compatibility = null };
}
