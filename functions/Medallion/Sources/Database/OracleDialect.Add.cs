using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion;

public static partial class MedallionServices
{
    static partial void AddOracle(IServiceCollection services) => services.AddSingleton<ISqlDialect, OracleDialect>();
}
