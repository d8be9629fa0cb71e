using System.Security.Cryptography;
using System.Text.Json;

namespace Pipeline.Local.Tests;

public sealed class SampleTests
{
    [Fact]
    public async Task Write_Northwind_IsWholeAndTheSameEveryTime()
    {
        var folders = new[] { Places.NewFolder(), Places.NewFolder() };
        try
        {
            foreach (var folder in folders)
            {
                await Sample.WriteAsync(Sample.Pipeline, folder, TestContext.Current.CancellationToken);
            }

            var counts = Directory.GetFiles(Path.Combine(folders[0], "northwind"))
                .ToDictionary(file => Path.GetFileName(file), file => JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetArrayLength());
            Assert.Equal(
                new Dictionary<string, int>
                {
                    ["orders.json"] = 830,
                    ["order_details.json"] = 2155,
                    ["products.json"] = 77,
                    ["categories.json"] = 8,
                    ["customers.json"] = 91,
                    ["suppliers.json"] = 29,
                    ["shippers.json"] = 3,
                },
                counts);
            Assert.Equal(Hashes(folders[0]), Hashes(folders[1]));
            Assert.DoesNotContain("Details", await File.ReadAllTextAsync(Path.Combine(folders[0], "northwind", "orders.json")), StringComparison.Ordinal);
        }
        finally
        {
            Array.ForEach(folders, folder => Directory.Delete(folder, recursive: true));
        }

        static IEnumerable<string> Hashes(string folder) =>
            Directory.GetFiles(Path.Combine(folder, "northwind")).Order(StringComparer.Ordinal).Select(file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
    }
}
