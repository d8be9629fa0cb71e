using Azure.Storage.Blobs;
using Azure.Storage.Files.DataLake;
using Azure.Storage.Files.DataLake.Models;
using Pipeline.Lakehouse.Storage;
using Pipeline.Lakehouse.Tests.Storage;
using Pipeline.Testing;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Pipeline.Nuget.Tests;

/// <summary>Runs on a stand-in for the dfs endpoint over Azurite; with -p:AzureSdk=nuget on the account whose connection string PIPELINE_TEST_ADLS_LAKE holds.</summary>
public sealed class AdlsLakeTests(AzuriteFixture azurite) : LakeContractTests
{
    private readonly string? account = Environment.GetEnvironmentVariable("PIPELINE_TEST_ADLS_LAKE");
    private readonly FakeDataLake fake = new(new BlobServiceClient(azurite.ConnectionString));

    private BlobServiceClient FakeBlobs => new(azurite.ConnectionString);

    private BlobServiceClient Blobs => new(account ?? azurite.ConnectionString);

    protected override ILake CreateLake() => new AdlsLake(
        account is null ? fake : new DataLakeServiceClient(account, new DataLakeClientOptions()),
        Blobs,
        new Dictionary<string, IReadOnlyList<string>> { [Container] = ["00000000-0000-0000-0000-000000000001"] });

    protected override async Task DeleteContainerAsync() => await Blobs.GetBlobContainerClient(Container).DeleteIfExistsAsync();

    [Theory]
    [InlineData(404, "SourcePathNotFound")]
    [InlineData(409, "PathAlreadyExists")]
    [InlineData(412, "ConditionNotMet")]
    public async Task TryCreateAsync_RenameRepeatedAfterALostAnswer_IsTrue(int status, string code)
    {
        var lake = new AdlsLake(fake, FakeBlobs, new Dictionary<string, IReadOnlyList<string>>());
        await lake.CreateContainerAsync(Container, default);
        fake.FailAfterRename = (status, code);

        Assert.True(await lake.TryCreateAsync(Path("log/0.json"), "mine"u8.ToArray(), default));
        Assert.False(await lake.TryCreateAsync(Path("log/0.json"), "other"u8.ToArray(), default));

        Assert.Equal("mine"u8.ToArray(), await lake.ReadAsync(Path("log/0.json"), default));
        Assert.Single(await FakeBlobs.GetBlobContainerClient(Container).GetBlobsAsync().ToListAsync());
    }

    [Fact]
    public async Task CreateContainerAsync_Readers_GetAccessThatIsInherited()
    {
        var lake = new AdlsLake(fake, FakeBlobs, new Dictionary<string, IReadOnlyList<string>> { [Container] = ["group-id"] });
        fake.Access.Clear();

        await lake.CreateContainerAsync(Container, default);

        var groups = fake.Access.Where(item => item.EntityId == "group-id").ToList();
        Assert.Equal([false, true], groups.Select(item => item.DefaultScope));
        Assert.All(groups, item => Assert.Equal(RolePermissions.Read | RolePermissions.Execute, item.Permissions));
        Assert.All(fake.Access.Where(item => item.AccessControlType == AccessControlType.Other), item => Assert.Equal(RolePermissions.None, item.Permissions));
        Assert.Equal(10, fake.Access.Count);
    }

    [Fact]
    public async Task ListAsync_FileBeingWritten_IsHidden()
    {
        await Blobs.GetBlobContainerClient(Container).GetBlobClient("t/.part-0.parquet.abc.uploading").UploadAsync(new BinaryData("half"));
        await Lake.WriteAsync(Path("t/part-0.parquet"), "x"u8.ToArray(), default);

        Assert.Equal("t/part-0.parquet", (await Lake.ListAsync(Path("t"), default).SingleAsync()).Path.Path);
    }
}
