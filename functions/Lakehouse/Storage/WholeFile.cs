namespace Pipeline.Lakehouse.Storage;

/// <summary>A local file that appears only when it is whole.</summary>
internal static class WholeFile
{
    /// <summary>Ends the name of a file that is being written; a killed process leaves such files behind.</summary>
    public const string PartSuffix = ".part";

    /// <summary>Lets a writer fill a neighbouring file and gives that the wanted name afterwards, replacing what was there.</summary>
    public static async Task<T> WriteAsync<T>(string file, Func<string, Task<T>> write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file)) ?? throw new ArgumentException($"'{file}' is not the path of a file.", nameof(file)));
        var part = $"{file}.{Path.GetRandomFileName()}{PartSuffix}";
        try
        {
            var result = await write(part);
            File.Move(part, file, overwrite: true);
            return result;
        }
        finally
        {
            File.Delete(part);
        }
    }
}
