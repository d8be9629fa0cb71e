using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion;

public static partial class MedallionServices
{
    static partial void AddMlNet(IServiceCollection services) => services.AddSingleton<IClusterTrainer, MlNetTrainer>();
}
