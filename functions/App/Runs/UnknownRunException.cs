using Pipeline.Lakehouse;

namespace Pipeline.App.Runs;

/// <summary>There is no run of that id.</summary>
public sealed class UnknownRunException(string id) : TerminalException($"There is no run '{id}'. GET /api/runs lists those there are.");
