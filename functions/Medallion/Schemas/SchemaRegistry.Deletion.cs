namespace Pipeline.Medallion.Schemas;

/// <content>Deleting, in two steps: what is soft-deleted can still be read by id, and only that can be deleted permanently.</content>
public sealed partial class SchemaRegistry
{
    /// <summary>Deletes a version.</summary>
    /// <returns>Its number.</returns>
    /// <exception cref="SchemaRegistryException">There is no such subject (40401) or version (40402), it is soft-deleted already (40406) or, to be deleted permanently, not yet (40407).</exception>
    public async Task<int> DeleteVersionAsync(string subject, string version, bool permanent, CancellationToken cancellationToken)
    {
        var number = Number(version);
        while (true)
        {
            var current = await ExistingAsync(subject, deleted: true, cancellationToken);
            var candidates = number is null && !permanent ? [.. current.Live] : current.Versions;
            var found = Pick(candidates, number, version);
            if (found.Deleted != permanent)
            {
                throw permanent ? SchemaRegistryException.VersionNotSoftDeleted(subject, found.Number) : SchemaRegistryException.VersionSoftDeleted(subject, found.Number);
            }

            var changed = permanent ? current.Without(v => v.Number == found.Number) : current.WithDeleted(v => v.Number == found.Number);
            if (await subjects.TrySaveAsync(changed, cancellationToken))
            {
                return found.Number;
            }
        }
    }

    /// <summary>Deletes all versions of a subject, and its compatibility.</summary>
    /// <returns>The numbers of the versions that were deleted.</returns>
    /// <exception cref="SchemaRegistryException">There is no such subject (40401), it is soft-deleted already (40404) or, to be deleted permanently, not yet (40405).</exception>
    public async Task<IReadOnlyList<int>> DeleteSubjectAsync(string subject, bool permanent, CancellationToken cancellationToken)
    {
        while (true)
        {
            var current = await ExistingAsync(subject, deleted: true, cancellationToken);
            var live = current.Live.Select(v => v.Number).ToList();
            if (live.Count > 0 == permanent)
            {
                throw permanent ? SchemaRegistryException.SubjectNotSoftDeleted(subject) : SchemaRegistryException.SubjectSoftDeleted(subject);
            }

            if (await subjects.TrySaveAsync(permanent ? current.Without(_ => true) : current.WithDeleted(_ => true), cancellationToken))
            {
                return permanent ? [.. current.Versions.Select(v => v.Number)] : live;
            }
        }
    }
}
