#include "os/disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <latch>

#include <gtest/gtest.h>

#include "os/testbed_test.h"

namespace distkv::os::test {
namespace {

using base::Bytes;
using base::Errc;
using world::OpenMode;
using world::Task;
using world::World;

NodeOptions with_disk(const std::string& directory) {
    NodeOptions options = quiet_options(1);
    options.listen.reset();
    options.data_directory = directory;
    return options;
}

TEST(Disk, WhatIsWrittenIsRead) {
    const TemporaryDirectory directory;
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        auto opened = co_await world.disk().open("a/b/log", OpenMode::kCreate);
        EXPECT_TRUE(opened);
        if (!opened) {
            co_return;
        }
        world::File& file = **opened;
        EXPECT_TRUE(co_await file.append("hello "));
        EXPECT_TRUE(co_await file.append("world"));
        EXPECT_EQ(file.size(), 11U);
        EXPECT_TRUE(co_await file.write(0, "J"));
        EXPECT_TRUE(co_await file.sync());
        EXPECT_EQ((co_await file.read(0, 100)).value(), "Jello world");
        EXPECT_EQ((co_await file.read(6, 3)).value(), "wor");
        EXPECT_EQ((co_await file.read(11, 3)).value(), "");
        EXPECT_EQ((co_await file.read(100, 3)).value(), "");
        EXPECT_TRUE(co_await file.truncate(5));
        EXPECT_EQ(file.size(), 5U);
        EXPECT_EQ((co_await file.read(0, 100)).value(), "Jello");
        EXPECT_TRUE(co_await world.disk().sync_directory("a/b"));
        EXPECT_TRUE(co_await world.disk().sync_directory(""));
    });
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        EXPECT_EQ((co_await world.disk().read_all("a/b/log", 100)).value(), "Jello");
        EXPECT_EQ((co_await world.disk().read_all("a/b/log", 4)).error().code, Errc::kInvalid);
    });
}

TEST(Disk, NamesAreOpenedListedRenamedAndRemoved) {
    const TemporaryDirectory directory;
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        world::Disk& disk = world.disk();
        EXPECT_EQ((co_await disk.open("a", OpenMode::kExisting)).error().code, Errc::kNotFound);
        EXPECT_TRUE(co_await disk.open("a", OpenMode::kExclusive));
        EXPECT_EQ((co_await disk.open("a", OpenMode::kExclusive)).error().code, Errc::kInvalid);
        EXPECT_TRUE(co_await disk.open("b/c", OpenMode::kExclusive));
        EXPECT_EQ((co_await disk.list("")).value(), (std::vector<std::string>{"a", "b/"}));
        EXPECT_EQ((co_await disk.list("b")).value(), std::vector<std::string>{"c"});
        EXPECT_EQ((co_await disk.list("none")).error().code, Errc::kNotFound);
        EXPECT_EQ((co_await disk.open("b", OpenMode::kCreate)).error().code, Errc::kInvalid);
        EXPECT_TRUE(co_await disk.rename("b/c", "a"));
        EXPECT_EQ((co_await disk.rename("b/c", "a")).error().code, Errc::kNotFound);
        EXPECT_TRUE(co_await disk.remove("a"));
        EXPECT_EQ((co_await disk.remove("a")).error().code, Errc::kNotFound);
        EXPECT_EQ((co_await disk.list("b")).value(), std::vector<std::string>());
    });
}

TEST(Disk, PathsStayBelowTheDirectory) {
    const TemporaryDirectory directory;
    std::filesystem::create_symlink("/etc/hostname", directory.path("link"));
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        world::Disk& disk = world.disk();
        for (const char* path : {"/etc/passwd", "../x", "a/../../x", "a//b", "."}) {
            EXPECT_EQ((co_await disk.open(path, OpenMode::kCreate)).error().code, Errc::kInvalid)
                << path;
            EXPECT_EQ((co_await disk.remove(path)).error().code, Errc::kInvalid) << path;
            EXPECT_EQ((co_await disk.rename("a", path)).error().code, Errc::kInvalid) << path;
            EXPECT_EQ((co_await disk.list(path)).error().code, Errc::kInvalid) << path;
        }
        EXPECT_EQ((co_await disk.open("link", OpenMode::kExisting)).error().code, Errc::kInvalid);
    });
}

TEST(Disk, TooMuchAtOnceIsRefused) {
    const TemporaryDirectory directory;
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        auto file = co_await world.disk().open("a", OpenMode::kCreate);
        const std::size_t size = base::limits::kFileChunkBytesMax + 1;
        EXPECT_EQ((co_await (*file)->read(0, size)).error().code, Errc::kInvalid);
        EXPECT_EQ((co_await (*file)->append(Bytes(size, 'x'))).error().code, Errc::kInvalid);
        EXPECT_EQ((*file)->size(), 0U);
    });
}

TEST(Disk, ANodeWithoutADirectorySaysSo) {
    run_node(with_disk(""), [](World& world) -> Task<void> {
        EXPECT_EQ((co_await world.disk().open("a", OpenMode::kCreate)).error().detail,
                  "this node has no data directory");
    });
}

TEST(Disk, OneProcessHoldsTheDirectory) {
    const TemporaryDirectory directory;
    const auto first = make_node(with_disk(directory.path()));
    const auto second = Node::make(with_disk(directory.path()));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::kRetry);
}

TEST(Disk, ASlowSyncHoldsUpNeitherTimersNorReads) {
    const TemporaryDirectory directory;
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        auto file = co_await world.disk().open("a", OpenMode::kCreate);
        EXPECT_TRUE(co_await (*file)->append("x"));
        std::latch release(1);
        static_cast<Disk&>(world.disk()).threads().sync.push([&release] { release.wait(); });
        world::Scope scope(world.scheduler());
        bool synced = false;
        scope.spawn("sync", [](world::File& slow, bool& done) -> Task<void> {
            EXPECT_TRUE(co_await slow.sync());
            done = true;
        }(**file, synced));
        for (int i = 0; i < 20; ++i) {
            co_await world.sleep_for(1ms);
            EXPECT_EQ((co_await (*file)->read(0, 1)).value(), "x");
        }
        EXPECT_FALSE(synced);
        release.count_down();
        co_await scope.join();
        EXPECT_TRUE(synced);
    });
}

TEST(Disk, SyncedWritesQueueUp) {
    const TemporaryDirectory directory;
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        auto file = co_await world.disk().open("a", OpenMode::kCreate);
        std::latch release(1);
        static_cast<Disk&>(world.disk()).threads().sync.push([&release] { release.wait(); });
        world::Scope scope(world.scheduler());
        std::string order;
        const auto put = [&](std::uint64_t offset, char what) -> Task<void> {
            EXPECT_TRUE(co_await (*file)->write_synced(offset, Bytes(1, what)));
            order += what;
        };
        scope.spawn("a", put(0, 'a'));
        scope.spawn("b", put(1, 'b'));
        scope.spawn("c", put(2, 'c'));
        co_await world.sleep_for(1ms);
        EXPECT_EQ((*file)->size(), 0U);
        release.count_down();
        co_await scope.join();
        EXPECT_EQ(order, "abc");
        EXPECT_EQ((co_await (*file)->read(0, 9)).value(), "abc");
    });
}

TEST(Disk, NoSpaceIsFullAndTheRestStaysReadable) {
    const TemporaryDirectory directory;
    if (::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
        GTEST_SKIP() << "needs root, to mount a small tmpfs";
    }
    run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
        auto file = co_await world.disk().open("a", OpenMode::kCreate);
        EXPECT_TRUE(co_await (*file)->append(Bytes(500'000, 'x')));
        EXPECT_EQ((co_await (*file)->append(Bytes(900'000, 'y'))).error().code, Errc::kFull);
        EXPECT_GE((*file)->size(), 500'000U);  // A prefix may be there, and is ours to cut.
        EXPECT_TRUE(co_await (*file)->truncate(500'000));
        EXPECT_TRUE(co_await (*file)->sync()) << "lack of space loses nothing";
        EXPECT_EQ((co_await (*file)->read(499'999, 10)).value(), "x");
    });
    EXPECT_EQ(::umount(directory.path().c_str()), 0);
}

TEST(FileCalls, AFailedSyncIsNeverFollowedByAGoodOne) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const Fd other(ends[0]);
    OpenFile file(Fd(ends[1]), "pipe", 0);  // Pipes cannot be synced.
    EXPECT_EQ(sync_file(file).error().code, Errc::kUnknown);
    const TemporaryDirectory directory;
    file.fd = Fd(::open(directory.path("good").c_str(), O_RDWR | O_CREAT, 0600));
    const auto second = sync_file(file);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::kUnknown);
    EXPECT_TRUE(second.error().detail.contains("an earlier write or sync"))
        << second.error().detail;
}

TEST(FileCalls, NothingIsWrittenBehindASyncedWriteThatFailed) {
    const TemporaryDirectory directory;
    OpenFile file(Fd(::open(directory.path("a").c_str(), O_RDWR | O_CREAT, 0600)), "a", 0);
    ASSERT_TRUE(write_synced_bytes(file, 0, "one"));
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlimit small{5, limit.rlim_max};
    const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    EXPECT_EQ(write_synced_bytes(file, 3, "two and more").error().code, Errc::kFull);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    ::signal(SIGXFSZ, ignored);
    EXPECT_EQ(write_synced_bytes(file, 15, "three").error().code, Errc::kRetry);
    EXPECT_EQ(read_bytes(file, 0, 100).value(), "onetw");
    EXPECT_TRUE(truncate_file(file, 3));
    EXPECT_TRUE(write_synced_bytes(file, 3, "four"));
    EXPECT_EQ(read_bytes(file, 0, 100).value(), "onefour");
}

TEST(FileCalls, AFailedWriteIsUnknownAndAFailedReadIsCorrupt) {
    const TemporaryDirectory directory;
    OpenFile read_only(Fd(::open(directory.path().c_str(), O_RDONLY)), "folder", 0);
    EXPECT_EQ(write_bytes(read_only, 0, "x").error().code, Errc::kUnknown);
    EXPECT_EQ(sync_file(read_only).error().code, Errc::kUnknown);
    // Address 0 is never mapped: the read fails with EIO, like a bad sector.
    const OpenFile memory(Fd(::open("/proc/self/mem", O_RDONLY)), "mem", 100);
    EXPECT_EQ(read_bytes(memory, 0, 10).error().code, Errc::kCorrupt);
}

TEST(FileCalls, ShortReadsGiveExactlyWhatWasAskedFor) {
    const TemporaryDirectory directory;
    const auto folder = DataDirectory::open(directory.path());
    ASSERT_TRUE(folder);
    const auto file = open_file(folder->fd(), "a", OpenMode::kCreate);
    ASSERT_TRUE(file);
    ASSERT_TRUE(append_bytes(**file, Bytes(100, 'x')));
    for (std::size_t size = 0; size <= 100; ++size) {
        EXPECT_EQ(read_bytes(**file, 0, size).value().size(), size);
    }
}

// Replaces a file for ever; the parent kills it somewhere in the middle.
TEST(ReplaceChild, DISABLED_Run) {
    NodeOptions options = with_disk(Child::argument());
    run_node(options, [](World& world) -> Task<void> {
        for (std::uint64_t round = 0;; ++round) {
            const Bytes contents(10'000 + round % 7, static_cast<char>('a' + round % 26));
            CHECK((co_await world.disk().replace("file", contents)).has_value());
        }
    });
}

TEST(Disk, ReplaceIsAllOrNothingWhateverTheMomentOfTheKill) {
    const TemporaryDirectory directory;
    int found = 0;
    for (int round = 0; round < 15; ++round) {
        Child child("ReplaceChild.DISABLED_Run", directory.path());
        // From just started to well under way.
        const std::string file = directory.path("file");
        ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(file); }));
        for (int spin = 0; spin < round * 20; ++spin) {
            found += std::filesystem::exists(file) ? 1 : 0;
        }
        child.signal(SIGKILL);
        child.wait();
        run_node(with_disk(directory.path()), [](World& world) -> Task<void> {
            const auto contents = co_await world.disk().read_all("file", 1 << 20);
            EXPECT_TRUE(contents);
            EXPECT_GE(contents->size(), 10'000U);
            EXPECT_EQ(contents->find_first_not_of(contents->front()), Bytes::npos);
        });
    }
    EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace distkv::os::test
