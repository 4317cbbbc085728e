#include "os/node.h"

#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

#include "os/log_sink.h"
#include "os/testbed_test.h"

namespace distkv::os::test {
namespace {

using base::Errc;
using world::Task;
using world::World;

Task<void> until_stopped(World& world) {
    while (!world.stopping()) {
        co_await world.stop_signal().wait();
    }
}

Task<void> for_ever(World& world) {
    for (;;) {
        co_await world.sleep_for(1h);
    }
}

TEST(Node, StopsPolitely) {
    NodeOptions options = quiet_options(1);
    options.reactors = 3;
    options.grace = 1h;
    const auto node = make_node(options);
    node->start(until_stopped);
    node->stop();
    node->join();
}

TEST(Node, CancelsWhoeverDoesNotStop) {
    Lines lines;
    NodeOptions options = quiet_options(1, &lines);
    options.reactors = 2;
    options.grace = 5ms;
    const auto node = make_node(options);
    node->start(for_ever);
    node->stop();
    node->join();
    EXPECT_EQ(lines.count("warn stop_forced tasks=1"), 2U);
}

TEST(Node, ASecondRequestDoesNotWait) {
    NodeOptions options = quiet_options(1);
    options.grace = 1h;
    const auto node = make_node(options);
    node->start(for_ever);
    node->stop();
    node->stop();
    node->join();
}

TEST(Node, ServesItsSiblingsUntilAllHaveEnded) {
    NodeOptions options = quiet_options(1);
    options.reactors = 2;
    std::atomic<int> answered = 0;
    run_node(options, [&](World& world) -> Task<void> {
        if (world.reactors().self().value == 0) {
            co_return;  // Its main function is over, its reactor is not.
        }
        for (int i = 0; i < 10; ++i) {
            co_await world.sleep_for(1ms);
            EXPECT_TRUE(world.reactors().post({0}, [&](World&) { ++answered; }));
        }
        EXPECT_TRUE(co_await eventually(world, [&] { return answered == 10; }));
    });
}

TEST(Node, SiblingsAreReachedByFramesToo) {
    NodeOptions options = quiet_options(1);
    options.reactors = 2;
    run_node(options, [](World& world) -> Task<void> {
        const std::uint64_t other = 1 - world.reactors().self().value;
        EXPECT_TRUE(world.network().send(address(1, other), "hello"));
        const world::Frame frame = co_await world.network().receive();
        EXPECT_EQ(frame.from, address(1, other));
        // The other may not have our frame yet, and goes with us when we are gone.
        EXPECT_TRUE(co_await eventually(
            world, [&] { return network_of(world).counters().frames_sent > 0; }));
    });
}

TEST(Node, TheSameSeedGivesTheSameRandomness) {
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < 2; ++i) {
        run_node(quiet_options(1), [&](World& world) -> Task<void> {
            numbers.push_back(world.rng().next());
            co_return;
        });
    }
    EXPECT_EQ(numbers[0], numbers[1]);
}

TEST(Node, RefusesBadOptions) {
    NodeOptions none = quiet_options(1);
    none.reactors = 0;
    EXPECT_EQ(Node::make(none).error().detail, "0 reactors: expected 1 to 256");
    NodeOptions taken = quiet_options(2);
    const auto first = make_node(quiet_options(1));
    taken.listen = loopback(first->port({0}));
    const auto second = Node::make(taken);
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().detail.contains("Address already in use")) << second.error().detail;
    NodeOptions file = quiet_options(3);
    file.data_directory = "/dev/null/x";
    EXPECT_FALSE(Node::make(file));
}

// Says that it runs, then waits to be stopped.
TEST(SignalChild, DISABLED_Run) {
    NodeOptions options = quiet_options(1);
    options.stop_on_signals = true;
    options.reactors = 2;
    options.grace = 1h;
    const std::string argument = Child::argument();
    run_node(options, [&](World& world) -> Task<void> {
        if (world.reactors().self().value == 0) {
            std::ofstream(argument + "/running") << "yes";
        }
        co_await until_stopped(world);
        if (world.reactors().self().value == 0) {
            std::ofstream(argument + "/stopped") << "yes";
            if (std::filesystem::exists(argument + "/stay")) {
                co_await for_ever(world);
            }
        }
    });
    std::ofstream(argument + "/ended") << "yes";
}

TEST(Node, SignalsStopIt) {
    for (const int number : {SIGTERM, SIGINT}) {
        const TemporaryDirectory directory;
        Child child("SignalChild.DISABLED_Run", directory.path());
        const auto there = [&](const char* name) {
            return wait_until([&] { return std::filesystem::exists(directory.path(name)); });
        };
        ASSERT_TRUE(there("running"));
        child.signal(SIGPIPE);  // Ignored.
        child.signal(number);
        const int status = child.wait();
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
        EXPECT_TRUE(std::filesystem::exists(directory.path("ended")));
    }
}

TEST(Node, ASecondSignalCancels) {
    const TemporaryDirectory directory;
    std::ofstream(directory.path("stay")) << "yes";
    Child child("SignalChild.DISABLED_Run", directory.path());
    ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(directory.path("running")); }));
    child.signal(SIGTERM);
    ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(directory.path("stopped")); }));
    child.signal(SIGTERM);
    const int status = child.wait();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Endpoint, IsReadAndWritten) {
    for (const char* good : {"host:1", "1.2.3.4:65535", "[::1]:7000"}) {
        const auto endpoint = parse_endpoint(good);
        ASSERT_TRUE(endpoint) << good;
        EXPECT_EQ(to_string(*endpoint), good);
    }
    for (const char* bad : {"", "host", ":1", "host:", "host:x", "host:65536", "::1:70", "[::1]",
                            "[]:1", "host:-1"}) {
        EXPECT_FALSE(parse_endpoint(bad)) << bad;
    }
}

TEST(LogSink, StampsLines) {
    EXPECT_EQ(rfc3339(time::WallTime(0ns)), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(rfc3339(time::WallTime(1'795'169'700'123'456'789ns)), "2026-11-20T10:15:00.123456Z");
    Lines lines;
    const base::Log log(base::LogLevel::kInfo, stamped_sink(address(7), lines.sink()));
    log.info("became_leader", {{"shard", 7}});
    EXPECT_TRUE(lines.contains("Z 7.0 info became_leader shard=7\n"));
}

}  // namespace
}  // namespace distkv::os::test
