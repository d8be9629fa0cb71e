namespace Azure.Storage.Files.DataLake.Models;

public class DataLakeFileSystemCreateOptions
{
}

public class FileSystemInfo
{
    internal FileSystemInfo()
    {
    }
}

public class PathInfo
{
    internal PathInfo()
    {
    }
}

public class PathHttpHeaders
{
    public byte[] ContentHash { get; set; }
}

public class DataLakeFileUploadOptions
{
    public PathHttpHeaders HttpHeaders { get; set; }

    public StorageTransferOptions TransferOptions { get; set; }
}

public class DataLakeRequestConditions : RequestConditions
{
}

public enum AccessControlType
{
    Other = 0,
    User = 1,
    Group = 2,
    Mask = 4,
}

[Flags]
public enum RolePermissions
{
    None = 0,
    Execute = 1,
    Write = 2,
    Read = 4,
}

public class PathAccessControlItem
{
    public PathAccessControlItem(AccessControlType accessControlType, RolePermissions permissions, bool defaultScope = false, string entityId = null)
    {
        AccessControlType = accessControlType;
        Permissions = permissions;
        DefaultScope = defaultScope;
        EntityId = entityId;
    }

    public AccessControlType AccessControlType { get; set; }

    public bool DefaultScope { get; set; }

    public string EntityId { get; set; }

    public RolePermissions Permissions { get; set; }
}
