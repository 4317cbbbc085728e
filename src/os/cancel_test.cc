// Cancelling in the middle of anything leaves nothing behind: no task, no timer, no pending call,
// no descriptor, and the world goes on.
#include <latch>

#include <gtest/gtest.h>

#include "os/testbed_test.h"
#include "world/call.h"
#include "world/deadline.h"

namespace distkv::os::test {
namespace {

using base::Bytes;
using world::OpenMode;
using world::Task;
using world::World;

// Spawns, lets it get stuck, cancels, and looks at what is left.
Task<void> cancel_in_the_middle(World& world, Task<void> stuck) {
    const auto before = world.scheduler().census();
    const std::size_t calls_before = world.pending_calls().size();
    {
        world::Scope scope(world.scheduler());
        scope.spawn("stuck", std::move(stuck));
        co_await world.sleep_for(3ms);
        EXPECT_EQ(scope.size(), 1U) << "it was to wait";
    }
    EXPECT_EQ(world.scheduler().census(), before);
    EXPECT_EQ(world.pending_calls().size(), calls_before);
}

template <class T>
Task<void> ignore(Task<T> work) {
    static_cast<void>(co_await std::move(work));
}

Task<void> receive_once(World& world) {
    co_await world.network().receive();
}

Task<void> sleep_long(World& world) {
    co_await world.sleep_for(1h);
}

Task<void> wait_for_room(World& world) {
    const Bytes payload(std::size_t{1} << 20, 'x');
    while (world.network().send(address(9), payload)) {
    }
    co_await world.network().room(address(9));
}

TEST(Cancel, SleepReceiveAndRoomLeaveNothing) {
    // A listener that never accepts: connecting succeeds, the hello never comes.
    const auto silent = listen_at(loopback(0));
    ASSERT_TRUE(silent);
    NodeOptions options = quiet_options(1);
    options.peers[address(9)] = loopback(port_of(*silent).value());
    options.network.frame_age_max = 1h;
    const std::size_t descriptors = open_descriptors();
    run_node(options, [](World& world) -> Task<void> {
        co_await cancel_in_the_middle(world, sleep_long(world));
        co_await cancel_in_the_middle(world, receive_once(world));
        co_await cancel_in_the_middle(world, wait_for_room(world));
        // The next receiver finds its way.
        EXPECT_TRUE(world.network().send(address(1), "x"));
        EXPECT_EQ((co_await world.network().receive()).payload, "x");
    });
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(Cancel, AReceiverThatWasWokenLosesNoFrame) {
    run_node(quiet_options(1), [](World& world) -> Task<void> {
        for (int round = 0; round < 20; ++round) {
            {
                world::Scope scope(world.scheduler());
                scope.spawn("receiver", receive_once(world));
                co_await world.yield();
                EXPECT_TRUE(world.network().send(address(1), "kept"));
                scope.cancel();
            }
            EXPECT_EQ((co_await world.network().receive()).payload, "kept");
        }
    });
}

TEST(Cancel, FileOperationsLeaveNothing) {
    const TemporaryDirectory directory;
    NodeOptions options = quiet_options(1);
    options.data_directory = directory.path();
    const std::size_t descriptors = open_descriptors();
    std::latch released(1);  // Outlives the threads that wait for it.
    run_node(options, [&released](World& world) -> Task<void> {
        world::Disk& disk = world.disk();
        FileThreads& threads = static_cast<Disk&>(disk).threads();
        auto file = co_await disk.open("a", OpenMode::kCreate);
        EXPECT_TRUE(co_await (*file)->append("begin"));
        // Both threads are held up, so every operation is caught in its middle.
        threads.io.push([&released] { released.wait(); });
        threads.sync.push([&released] { released.wait(); });
        co_await cancel_in_the_middle(world, ignore((*file)->read(0, 5)));
        co_await cancel_in_the_middle(world, ignore((*file)->append("x")));
        co_await cancel_in_the_middle(world, ignore((*file)->write(0, "y")));
        co_await cancel_in_the_middle(world, ignore((*file)->sync()));
        co_await cancel_in_the_middle(world, ignore((*file)->truncate(1)));
        co_await cancel_in_the_middle(world, ignore(disk.open("b", OpenMode::kCreate)));
        co_await cancel_in_the_middle(world, ignore(disk.replace("c", "z")));
        co_await cancel_in_the_middle(world, ignore(disk.list("")));
        file->reset();  // With operations of it still to run.
        released.count_down();
        EXPECT_TRUE(co_await disk.list(""));
    });
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(Cancel, ADeadlineCutsAnOperationShort) {
    const TemporaryDirectory directory;
    NodeOptions options = quiet_options(1);
    options.data_directory = directory.path();
    run_node(options, [](World& world) -> Task<void> {
        auto file = co_await world.disk().open("a", OpenMode::kCreate);
        std::latch release(1);
        static_cast<Disk&>(world.disk()).threads().sync.push([&release] { release.wait(); });
        const auto cut = co_await world::with_deadline(world.scheduler(), world.mono_now() + 2ms,
                                                       (*file)->sync());
        EXPECT_EQ(cut.error().code, base::Errc::kUnknown);
        release.count_down();
        EXPECT_TRUE(co_await world::with_deadline(world.scheduler(), world.mono_now() + kPatience,
                                                  (*file)->sync()));
    });
}

TEST(Calls, ReactorsAnswerEachOther) {
    NodeOptions options = quiet_options(1);
    options.reactors = 4;
    std::atomic<int> finished = 0;
    run_node(options, [&](World& world) -> Task<void> {
        const std::uint64_t self = world.reactors().self().value;
        for (std::uint64_t i = 0; i < 400; ++i) {
            const base::ReactorId to{(self + i) % world.reactors().count()};
            const auto answer = co_await world::call(
                world, to, [i](World& there) { return 1000 * i + there.reactors().self().value; });
            EXPECT_EQ(answer.value(), 1000 * i + to.value);
        }
        ++finished;
    });
    EXPECT_EQ(finished, 4);
}

TEST(Calls, ACancelledCallerIsForgottenAndTheWorkIsDone) {
    NodeOptions options = quiet_options(1);
    options.reactors = 2;
    std::atomic<int> worked = 0;
    std::latch release(1);
    std::atomic<bool> done = false;
    run_node(options, [&](World& world) -> Task<void> {
        if (world.reactors().self().value == 1) {
            EXPECT_TRUE(co_await eventually(world, [&] { return done.load(); }));
            co_return;
        }
        co_await cancel_in_the_middle(world, ignore(world::call(world, {1}, [&](World&) {
                                          release.wait();
                                          return ++worked;
                                      })));
        release.count_down();
        // Behind the cancelled one, so its late answer has been dropped by now.
        EXPECT_EQ((co_await world::call(world, {1}, [&](World&) { return ++worked; })).value(), 2);
        done = true;
    });
    EXPECT_EQ(worked, 2);
}

TEST(Calls, AFullReactorSaysRetry) {
    NodeOptions options = quiet_options(1);
    options.reactors = 2;
    std::latch release(1);
    std::atomic<std::size_t> ran = 0;
    std::atomic<bool> done = false;
    run_node(options, [&](World& world) -> Task<void> {
        if (world.reactors().self().value == 1) {
            EXPECT_TRUE(co_await eventually(world, [&] { return done.load(); }));
            co_return;
        }
        EXPECT_TRUE(world.reactors().post({1}, [&](World&) { release.wait(); }));
        co_await world.sleep_for(5ms);
        std::size_t posted = 0;
        while (world.reactors().post({1}, [&ran](World&) { ++ran; })) {
            ++posted;
        }
        EXPECT_GE(posted, base::limits::kReactorInboxMax - 1);
        const auto full = co_await world::call(world, {1}, [](World&) { return 1; });
        EXPECT_EQ(full.error().code, base::Errc::kRetry);
        release.count_down();
        EXPECT_TRUE(co_await eventually(world, [&] { return ran == posted; }));
        done = true;
    });
}

}  // namespace
}  // namespace distkv::os::test
