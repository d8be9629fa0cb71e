namespace Pipeline.Medallion.Schemas;

/// <content>Compatibility: what holds, and whether a schema could be registered.</content>
public sealed partial class SchemaRegistry
{
    /// <summary>Where a schema does not go with one version, in the directions that the subject's mode asks for.</summary>
    /// <exception cref="SchemaRegistryException">There is no such subject (40401) or version (40402). The latest version of a subject without versions goes with everything.</exception>
    public async Task<IReadOnlyList<Incompatibility>> CheckAsync(string subject, string version, SchemaDocument schema, CancellationToken cancellationToken)
    {
        var number = Number(version);
        var current = await subjects.FindAsync(subject, cancellationToken);
        List<SubjectVersion> live = [.. current.Live];
        if (live.Count == 0)
        {
            return number is null ? [] : throw SchemaRegistryException.SubjectNotFound(subject);
        }

        return CompatibilityCheck.Run(schema, await ReadAsync([Pick(live, number, version)], cancellationToken), await ModeAsync(current, cancellationToken));
    }

    /// <summary>Where a schema does not go with the versions of a subject: what registering it would say.</summary>
    public async Task<IReadOnlyList<Incompatibility>> CheckAsync(string subject, SchemaDocument schema, CancellationToken cancellationToken)
    {
        var current = await subjects.FindAsync(subject, cancellationToken);
        return CompatibilityCheck.Run(schema, await ReadAsync(current.Live, cancellationToken), await ModeAsync(current, cancellationToken));
    }

    /// <summary>What registering a schema would come to; nothing is written.</summary>
    /// <exception cref="SchemaRegistryException">The name cannot be kept (42208).</exception>
    public async Task<RegistrationPreview> PreviewAsync(string subject, SchemaDocument schema, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var current = await subjects.FindAsync(subject, cancellationToken);
        var id = await schemas.FindIdAsync(schema, cancellationToken);
        if (current.Live.LastOrDefault(v => v.Id == id) is { Number: > 0 } there)
        {
            return new RegistrationPreview(id, there.Number, IsRegistered: true, []);
        }

        var incompatibilities = CompatibilityCheck.Run(schema, await ReadAsync(current.Live, cancellationToken), await ModeAsync(current, cancellationToken));
        return new RegistrationPreview(id, current.WithNext(id ?? 0).Versions[^1].Number, IsRegistered: false, incompatibilities);
    }

    /// <summary>The compatibility of subjects that have none of their own.</summary>
    public async Task<CompatibilityMode> CompatibilityAsync(CancellationToken cancellationToken) => await subjects.GlobalAsync(cancellationToken) ?? DefaultCompatibility;

    /// <summary>Sets the compatibility of subjects that have none of their own; null: the default.</summary>
    public Task SetCompatibilityAsync(CompatibilityMode? mode, CancellationToken cancellationToken) => subjects.SetGlobalAsync(mode, cancellationToken);

    /// <summary>A subject's own compatibility.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="orGlobal">Whether the global one is told where it has none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="SchemaRegistryException">It has none (40408).</exception>
    public async Task<CompatibilityMode> CompatibilityAsync(string subject, bool orGlobal, CancellationToken cancellationToken)
    {
        var current = await subjects.FindAsync(subject, cancellationToken);
        return orGlobal ? await ModeAsync(current, cancellationToken) : current.Compatibility ?? throw SchemaRegistryException.CompatibilityNotConfigured(subject);
    }

    /// <summary>Sets a subject's own compatibility, also before it has versions.</summary>
    public async Task SetCompatibilityAsync(string subject, CompatibilityMode mode, CancellationToken cancellationToken)
    {
        while (!await subjects.TrySaveAsync(await subjects.FindAsync(subject, cancellationToken) with { Compatibility = mode }, cancellationToken))
        {
            // The subject changed in between.
        }
    }

    /// <summary>Makes the global compatibility hold for a subject.</summary>
    /// <returns>What its own was.</returns>
    /// <exception cref="SchemaRegistryException">It has none (40401).</exception>
    public async Task<CompatibilityMode> DeleteCompatibilityAsync(string subject, CancellationToken cancellationToken)
    {
        while (true)
        {
            var current = await subjects.FindAsync(subject, cancellationToken);
            var before = current.Compatibility ?? throw SchemaRegistryException.SubjectNotFound(subject);
            if (await subjects.TrySaveAsync(current with { Compatibility = null }, cancellationToken))
            {
                return before;
            }
        }
    }

    private async Task<CompatibilityMode> ModeAsync(Subject subject, CancellationToken cancellationToken) =>
        subject.Compatibility ?? await CompatibilityAsync(cancellationToken);
}
