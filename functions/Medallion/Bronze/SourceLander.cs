using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources;

namespace Pipeline.Medallion.Bronze;

/// <summary>Has a connector write one part of a source to data files of its bronze table, as it arrived. It commits nothing.</summary>
internal sealed class SourceLander(ILake lake, SourceConnectors connectors)
{
    /// <summary>Lands a part.</summary>
    /// <param name="source">The source.</param>
    /// <param name="work">The step and its part.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<LandedPart> LandAsync(SourceDefinition source, StepWork work, string invocation, CancellationToken cancellationToken)
    {
        var folder = new RunFolder(lake, work.RunId);
        var request = new LandRequest { Source = source, Work = work, Invocation = invocation, Folder = folder };
        var batches = await connectors.Of(source).LandAsync(request, cancellationToken);
        var part = new LandedPart(work.Part, invocation);
        await folder.WriteAsync(RunFolder.ManifestName(work.Table, part), new LandedManifest { Batches = batches }, cancellationToken);
        return part;
    }
}
