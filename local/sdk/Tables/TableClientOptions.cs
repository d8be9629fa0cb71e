using Azure.Core;

namespace Azure.Data.Tables;

/// <summary>How a client talks to the service.</summary>
public class TableClientOptions : ClientOptions
{
    /// <summary>Takes the version of the service's protocol.</summary>
    public TableClientOptions(ServiceVersion serviceVersion = ServiceVersion.V2020_12_06) => VersionText = serviceVersion switch
    {
        ServiceVersion.V2019_02_02 => "2019-02-02",
        ServiceVersion.V2020_12_06 => "2020-12-06",
        _ => throw new ArgumentOutOfRangeException(nameof(serviceVersion)),
    };

    internal string VersionText { get; }

    /// <summary>Versions of the service's protocol.</summary>
    public enum ServiceVersion
    {
        /// <summary>2019-02-02</summary>
        V2019_02_02 = 1,

        /// <summary>2020-12-06</summary>
        V2020_12_06 = 2,
    }
}
