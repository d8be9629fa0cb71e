using System.Data;
using System.Data.Common;

namespace Oracle.ManagedDataAccess.Client;

public sealed class OracleConnection : DbConnection
{
    public OracleConnection(string connectionString) => _ = connectionString;

    public override string ConnectionString { get; set; }

    public override string Database => throw null;

    public override string DataSource => throw null;

    public override string ServerVersion => throw null;

    public override ConnectionState State => throw null;

    public override void ChangeDatabase(string databaseName) => throw null;

    public override void Close()
    {
    }

    public override void Open() => throw null;

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw null;

    protected override DbCommand CreateDbCommand() => throw null;
}

public sealed class OracleCommand : DbCommand
{
    public override string CommandText { get; set; }

    public override int CommandTimeout { get; set; }

    public override CommandType CommandType { get; set; }

    public override bool DesignTimeVisible { get; set; }

    public override UpdateRowSource UpdatedRowSource { get; set; }

    public int InitialLOBFetchSize { get; set; }

    public int InitialLONGFetchSize { get; set; }

    protected override DbConnection DbConnection { get; set; }

    protected override DbParameterCollection DbParameterCollection => throw null;

    protected override DbTransaction DbTransaction { get; set; }

    public override void Cancel() => throw null;

    public override int ExecuteNonQuery() => throw null;

    public override object ExecuteScalar() => throw null;

    public override void Prepare() => throw null;

    protected override DbParameter CreateDbParameter() => throw null;

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => throw null;
}

public sealed class OracleException : DbException
{
    internal OracleException()
    {
    }

    public int Number => throw null;
}
