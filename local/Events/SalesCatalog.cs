using Pipeline.Local.Emulators;

namespace Pipeline.Local.Events;

/// <summary>Who buys what: the customers and products that the pipeline has.</summary>
internal sealed record SalesCatalog(IReadOnlyList<SalesCatalog.Customer> Customers, IReadOnlyList<SalesCatalog.Product> Products)
{
    private const string CustomersSql = "select customer_id, country from silver.customers order by customer_id";
    private const string ProductsSql = "select product_id, list_price from silver.products where list_price > 0 order by product_id";

    public sealed record Customer(string Id, string Country);

    public sealed record Product(long Id, decimal ListPrice);

    /// <summary>Reads both from the pipeline's tables.</summary>
    /// <exception cref="LaunchException">One of them is empty.</exception>
    public static async Task<SalesCatalog> ReadAsync(ApiClient api, string pipeline, CancellationToken cancellationToken)
    {
        var customers = await api.QueryAsync(pipeline, CustomersSql, cancellationToken);
        var products = await api.QueryAsync(pipeline, ProductsSql, cancellationToken);
        return customers.Rows.Count > 0 && products.Rows.Count > 0
            ? new(
                [.. customers.Rows.Select(row => new Customer(row[0].GetString() ?? "", row[1].GetString() ?? ""))],
                [.. products.Rows.Select(row => new Product(row[0].GetInt64(), row[1].GetDecimal()))])
            : throw new LaunchException($"Sales cannot be made up: {pipeline} has {customers.Rows.Count} customers and {products.Rows.Count} products with a price.");
    }
}
