namespace Pipeline.Lakehouse.Storage;

/// <summary>A place on the lake: a container and a path of '/'-separated segments below it. An empty path is the container's root.</summary>
public readonly record struct LakePath
{
    /// <summary>Makes a path; it is validated here and nowhere else.</summary>
    /// <exception cref="ArgumentException">The container is not 3 to 63 lower-case letters, digits and dashes, or a segment is empty, '.' or '..'.</exception>
    public LakePath(string container, string path)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentNullException.ThrowIfNull(path);
        if (container.Length is < 3 or > 63 || container.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-' && c != '$'))
        {
            throw new ArgumentException($"'{container}' is not a container: expected 3 to 63 lower-case letters, digits and dashes.", nameof(container));
        }

        if (path.Length > 0 && path.Split('/').Any(segment => segment is "" or "." or ".." || segment.Contains('\\', StringComparison.Ordinal) || segment.Contains('\0', StringComparison.Ordinal)))
        {
            throw new ArgumentException($"'{path}' is not a path on the lake: expected segments separated by single '/', none of them '.' or '..'.", nameof(path));
        }

        Container = container;
        Path = path;
    }

    /// <summary>The container (file system in ADLS Gen2).</summary>
    public string Container { get; }

    /// <summary>The path below the container, without a leading or trailing '/'.</summary>
    public string Path { get; }

    /// <summary>The last segment.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>A place below this one.</summary>
    public LakePath Append(string child) => new(Container, Path.Length == 0 ? child : $"{Path}/{child}");

    /// <inheritdoc/>
    public override string ToString() => $"{Container}/{Path}";
}
