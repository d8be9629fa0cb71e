using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Binding expressions: %Name% stands for the setting of that name.</summary>
internal static partial class Setting
{
    public static string Resolve(string expression, IConfiguration settings, string where) =>
        Reference().Replace(expression, match =>
        {
            var name = match.Groups[1].Value;
            return settings[name.Replace("__", ":", StringComparison.Ordinal)]
                ?? throw new FunctionsHostException($"{where}: '%{name}%' does not resolve to a value. Set {name} in local.settings.json or the environment.");
        });

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Reference();
}
