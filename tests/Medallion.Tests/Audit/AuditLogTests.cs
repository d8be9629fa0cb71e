using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;
using Pipeline.Medallion.Audit;

namespace Pipeline.Medallion.Tests.Audit;

/// <summary>One log for all tests, as there is one for the app: each test has hours of its own, later than those of the tests before.</summary>
public sealed class AuditLogTests(MedallionFixture medallion)
{
    // A file is committed within days of its writing, by storage's own clock. What other tests leave in the log is of today.
    private static DateTimeOffset start = new(DateTime.UtcNow.Date.AddHours(14), TimeSpan.Zero);
    private readonly ManualClock clock = new(start += TimeSpan.FromHours(10));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_BeforeAndAfterTheArchive_GivesEachEntryOnceNewestFirst()
    {
        var log = Instance();
        var begun = clock.GetUtcNow();
        for (var minute = 0; minute < 180; minute += 20)
        {
            await log.AppendAsync(Entry($"who{minute % 3}", minute % 40 == 0 ? "run.start" : "query.sql", $"pipelines/p{minute % 60}/runs"), Cancelled);
            clock.Advance(TimeSpan.FromMinutes(20));
        }

        var before = await log.ReadAsync(new() { FromUtc = begun }, 100, Cancelled);
        await log.ArchiveAsync(Cancelled);
        await Instance().ArchiveAsync(Cancelled);

        Assert.Equal(9, before.Count);
        Assert.Equal(before.OrderByDescending(e => e.TimeUtc), before);
        Assert.Equal(before, await log.ReadAsync(new() { FromUtc = begun }, 100, Cancelled));
        Assert.Equal(before.Take(4), await log.ReadAsync(new() { FromUtc = begun }, 4, Cancelled));
        Assert.Equal(before.Skip(2).Take(5), await log.ReadAsync(new() { FromUtc = begun.AddMinutes(40), ToUtc = before[1].TimeUtc }, 100, Cancelled));
        Assert.Equal(before.Where(e => e.What == "run.start"), await log.ReadAsync(new() { FromUtc = begun, What = "run" }, 100, Cancelled));
        Assert.Empty(await log.ReadAsync(new() { FromUtc = begun, What = "ru" }, 100, Cancelled));
        Assert.Equal(before.Where(e => e.Who == "who1"), await log.ReadAsync(new() { FromUtc = begun, Who = "who1" }, 100, Cancelled));
        Assert.Equal(before.Where(e => e.Target == "pipelines/p20/runs"), await log.ReadAsync(new() { FromUtc = begun, Target = "pipelines/p20" }, 100, Cancelled));
    }

    /// <summary>Two instances at once, one of which dies before any of its writes: the next hour's archive leaves each entry once.</summary>
    [Fact]
    public async Task Archive_InstanceDiesBeforeAnyWrite_NextOneLosesAndDoublesNothing()
    {
        var log = Instance();
        var begun = clock.GetUtcNow();
        for (var writes = 0; writes < 4; writes++)
        {
            await log.AppendAsync(Entry("who", "run.start", $"pipelines/p/{writes}"), Cancelled);
            clock.Advance(TimeSpan.FromHours(2));
            var dying = Instance(new DyingLake(medallion.Floor.GetRequiredService<ILake>(), writes));
            try
            {
                await dying.ArchiveAsync(Cancelled);
            }
            catch (TransientException)
            {
                // As meant.
            }

            await Task.WhenAll(ArchivedAsync(log), ArchivedAsync(Instance()));
            await log.ArchiveAsync(Cancelled);

            Assert.Equal(Enumerable.Range(0, writes + 1).Select(i => $"pipelines/p/{i}").Reverse(), (await log.ReadAsync(new() { FromUtc = begun }, 100, Cancelled)).Select(e => e.Target));
        }

        static async Task ArchivedAsync(AuditLog log)
        {
            try
            {
                await log.ArchiveAsync(Cancelled);
            }
            catch (TransientException)
            {
                // The other was first.
            }
        }
    }

    [Fact]
    public async Task Archive_EntryThatCameLate_IsAddedToo()
    {
        var log = Instance();
        var begun = clock.GetUtcNow();
        var slow = Instance(by: new ManualClock(begun));
        await log.AppendAsync(Entry("who", "run.start", "pipelines/p/1"), Cancelled);
        clock.Advance(TimeSpan.FromHours(2));
        await log.ArchiveAsync(Cancelled);

        await slow.AppendAsync(Entry("who", "run.start", "pipelines/p/2"), Cancelled);
        await log.ArchiveAsync(Cancelled);
        await log.ArchiveAsync(Cancelled);

        Assert.Equal(["pipelines/p/1", "pipelines/p/2"], (await log.ReadAsync(new() { FromUtc = begun }, 10, Cancelled)).Select(e => e.Target).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Append_LongTexts_AreCutAndKept()
    {
        var log = Instance();
        var begun = clock.GetUtcNow();

        await log.AppendAsync(Entry("who", "query.sql", "mart/sql") with { Detail = new string('x', 50_000), Result = "it's \"quoted\"\nand more", Status = 400, From = "::1", Outcome = AuditOutcome.Refused }, Cancelled);

        var entry = Assert.Single(await log.ReadAsync(new() { FromUtc = begun }, 10, Cancelled));
        Assert.Equal(4002, entry.Detail?.Length);
        clock.Advance(TimeSpan.FromHours(2));
        await log.ArchiveAsync(Cancelled);
        Assert.Equal(entry, Assert.Single(await log.ReadAsync(new() { FromUtc = begun }, 10, Cancelled)));
    }

    private static AuditEntry Entry(string who, string what, string target) => new() { Who = who, What = what, Target = target, Outcome = AuditOutcome.Succeeded, DurationMs = 12 };

    private AuditLog Instance(ILake? lake = null, TimeProvider? by = null)
    {
        var floor = medallion.Compose(by ?? clock, services => services.AddSingleton(lake ?? medallion.Floor.GetRequiredService<ILake>()));
        return floor.GetRequiredService<AuditLog>();
    }
}
