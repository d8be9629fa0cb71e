using System.Text;
using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Sources.File;

/// <summary>A pattern of paths: '*' and '?' within a segment, '**' over any number of segments.</summary>
internal sealed class FileGlob
{
    private readonly Regex regex;

    public FileGlob(string pattern)
    {
        var wild = pattern.AsSpan().IndexOfAny('*', '?');
        Prefix = wild < 0 ? pattern : pattern[..wild];
        var expression = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern.AsSpan(i).StartsWith("**/"))
            {
                expression.Append("(?:[^/]+/)*");
                i += 2;
            }
            else if (pattern.AsSpan(i).StartsWith("**"))
            {
                expression.Append(".*");
                i++;
            }
            else
            {
                expression.Append(pattern[i] switch { '*' => "[^/]*", '?' => "[^/]", var c => Regex.Escape(c.ToString()) });
            }
        }

        regex = new Regex(expression.Append('$').ToString(), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }

    /// <summary>What every matching path starts with.</summary>
    public string Prefix { get; }

    public bool Matches(string path) => regex.IsMatch(path);
}
