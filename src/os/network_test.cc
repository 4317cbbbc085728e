#include "os/network.h"

#include <gtest/gtest.h>

#include "os/testbed_test.h"

namespace distkv::os::test {
namespace {

using base::Bytes;
using base::Errc;
using world::Mark;
using world::Task;
using world::World;

Task<void> echo(World& world) {
    for (;;) {
        world::Frame frame = co_await world.network().receive();
        while (!world.network().send(frame.from, frame.payload)) {
            co_await world.network().room(frame.from);
        }
    }
}

// Serves until the node is asked to stop.
Task<void> echo_until_stopped(World& world) {
    world::Scope scope(world.scheduler());
    scope.spawn("echo", echo(world));
    while (!world.stopping()) {
        co_await world.stop_signal().wait();
    }
}

// Until a frame gets through; the peer may be away.
Task<void> send_until_answered(World& world, world::Address to, Bytes payload) {
    struct Sender {
        static Task<void> run(World& world, world::Address to, Bytes payload) {
            for (;;) {
                EXPECT_TRUE(world.network().send(to, payload));
                co_await world.sleep_for(5ms);
            }
        }
    };
    world::Scope scope(world.scheduler());
    scope.spawn("sender", Sender::run(world, to, payload));
    while ((co_await world.network().receive()).payload != payload) {
    }
}

TEST(Network, PingPong) {
    const auto a = make_node(quiet_options(1));
    const auto b = make_node(quiet_options(2));
    introduce(*a, 1, *b, 2);
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        for (int i = 0; i < 1000; ++i) {
            EXPECT_TRUE(world.network().send(address(2), std::to_string(i)));
            const world::Frame frame = co_await world.network().receive();
            EXPECT_EQ(frame.from, address(2));
            EXPECT_EQ(frame.payload, std::to_string(i));
        }
        EXPECT_EQ(network_of(world).counters().connects, 1U);
    });
    a->join();
}

TEST(Network, RefusesWhatCannotBeSent) {
    run_node(quiet_options(1), [](World& world) -> Task<void> {
        EXPECT_EQ(world.network().send(address(9), "x").error().code, Errc::kInvalid);
        const Bytes large(base::limits::kFrameBytesMax + 1, 'x');
        EXPECT_EQ(world.network().send(address(1), large).error().code, Errc::kInvalid);
        co_await world.network().room(address(9));  // Does not wait for a peer that is not known.
    });
}

TEST(Network, FramesToOurselvesArriveInOrderAndAreBounded) {
    run_node(quiet_options(1), [](World& world) -> Task<void> {
        std::size_t sent = 0;
        while (world.network().send(address(1), std::to_string(sent))) {
            ++sent;
        }
        EXPECT_EQ(sent, base::limits::kInboxFramesMax);
        EXPECT_EQ(marked(world, Mark::kOutboxFull), 1U);
        for (std::size_t i = 0; i < sent; ++i) {
            const world::Frame frame = co_await world.network().receive();
            EXPECT_EQ(frame.from, address(1));
            EXPECT_EQ(frame.payload, std::to_string(i));
        }
        co_await world.network().room(address(1));
    });
}

TEST(Network, ASlowReceiverSlowsTheSenderAndMemoryStaysBounded) {
    constexpr std::size_t kPayload = 4096;
    NodeOptions a_options = quiet_options(1);
    NodeOptions b_options = quiet_options(2);
    a_options.network.socket.send_buffer_bytes = 1 << 16;
    b_options.network.socket.receive_buffer_bytes = 1 << 16;
    const auto a = make_node(a_options);
    const auto b = make_node(b_options);
    introduce(*a, 1, *b, 2);
    std::atomic<bool> may_receive = false;
    std::atomic<std::size_t> accepted = 0;
    std::atomic<std::size_t> received = 0;
    std::atomic<bool> all_sent = false;
    b->start([&](World& world) -> Task<void> {
        EXPECT_TRUE(co_await eventually(world, [&] { return may_receive.load(); }));
        while (!all_sent || received < accepted) {
            const world::Frame frame = co_await world.network().receive();
            EXPECT_TRUE(frame.payload.starts_with(std::to_string(received) + " "));
            ++received;
        }
    });
    a->start([&](World& world) -> Task<void> {
        const auto payload = [&] {
            Bytes bytes = std::to_string(accepted) + " ";
            bytes.resize(kPayload);
            return bytes;
        };
        // Until nothing moves any more.
        for (int still = 0; still < 50;) {
            if (world.network().send(address(2), payload())) {
                ++accepted;
                still = 0;
            } else {
                ++still;
                co_await world.sleep_for(2ms);
            }
        }
        const std::size_t queued = accepted * (kPayload + wire::kFrameHeaderBytes);
        EXPECT_GE(queued, base::limits::kPeerOutboxBytesMax);
        // The outbox, the other's inbox and read buffer, and what sockets of this size hold.
        EXPECT_LE(queued, base::limits::kPeerOutboxBytesMax +
                              base::limits::kInboxFramesMax * kPayload + (std::size_t{4} << 20));
        EXPECT_EQ(world.network().send(address(2), payload()).error().code, Errc::kRetry);
        EXPECT_GT(marked(world, Mark::kOutboxFull), 0U);
        may_receive = true;
        co_await world.network().room(address(2));
        EXPECT_TRUE(world.network().send(address(2), payload()));
        ++accepted;
        all_sent = true;
        EXPECT_TRUE(co_await eventually(world, [&] { return received == accepted; }));
    });
    b->join();
    a->join();
}

TEST(Network, FindsAPeerAgainThatWasRestarted) {
    Lines lines;
    const auto a = make_node(quiet_options(1, &lines));
    NodeOptions b_options = quiet_options(2);
    auto b = make_node(b_options);
    b_options.listen = loopback(b->port({0}));
    introduce(*a, 1, *b, 2);
    const Endpoint a_at = loopback(a->port({0}));
    std::atomic<int> rounds = 0;
    b->start(echo_until_stopped);
    a->start([&](World& world) -> Task<void> {
        for (int round = 0; round < 5; ++round) {
            co_await send_until_answered(world, address(2), std::to_string(round));
            ++rounds;
            EXPECT_TRUE(co_await eventually(world, [&] {
                static_cast<void>(world.network().send(address(2), "late"));
                return network_of(world).counters().disconnects > static_cast<unsigned>(round) ||
                       round == 4;
            }));
        }
        EXPECT_EQ(network_of(world).counters().connects, 5U);
    });
    for (int restart = 0; restart < 4; ++restart) {
        ASSERT_TRUE(wait_until([&] { return rounds > restart; }));
        b.reset();
        b_options.peers[address(1)] = a_at;
        b = make_node(b_options);
        b->start(echo_until_stopped);
    }
    a->join();
    EXPECT_TRUE(lines.contains("warn peer_disconnected peer=2.0"));
    EXPECT_TRUE(lines.contains("info peer_connected peer=2.0"));
}

TEST(Network, LargeFramesBesideSmallOnes) {
    const auto a = make_node(quiet_options(1));
    const auto b = make_node(quiet_options(2));
    introduce(*a, 1, *b, 2);
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        const Bytes large(base::limits::kFrameBytesMax, 'x');
        for (int round = 0; round < 3; ++round) {
            EXPECT_TRUE(world.network().send(address(2), "before"));
            EXPECT_TRUE(world.network().send(address(2), large));
            EXPECT_TRUE(world.network().send(address(2), "after"));
            EXPECT_EQ((co_await world.network().receive()).payload, "before");
            EXPECT_TRUE((co_await world.network().receive()).payload == large);
            EXPECT_EQ((co_await world.network().receive()).payload, "after");
        }
    });
    a->join();
}

TEST(Network, AnotherClusterIsRefused) {
    Lines lines;
    NodeOptions b_options = quiet_options(2, &lines);
    b_options.cluster = {43};
    const auto a = make_node(quiet_options(1));
    const auto b = make_node(b_options);
    introduce(*a, 1, *b, 2);
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        EXPECT_TRUE(world.network().send(address(2), "secret"));
        EXPECT_TRUE(co_await eventually(
            world, [&] { return network_of(world).counters().connect_failures > 3; }));
        EXPECT_EQ(network_of(world).counters().connects, 0U);
    });
    a->join();
    EXPECT_TRUE(lines.contains(
        R"(warn stranger_refused why="invalid: 1.0 belongs to cluster 42, we to 43")"));
}

TEST(Network, SomebodyElseAtThePeersAddressIsRefused) {
    Lines lines;
    const auto a = make_node(quiet_options(1));
    const auto b = make_node(quiet_options(2, &lines));
    a->set_peer(address(3), loopback(b->port({0})));
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        EXPECT_TRUE(world.network().send(address(3), "secret"));
        EXPECT_TRUE(co_await eventually(
            world, [&] { return network_of(world).counters().connect_failures > 3; }));
        EXPECT_EQ(network_of(world).counters().connects, 0U);
    });
    a->join();
    EXPECT_TRUE(lines.contains("1.0 wants 3.0, this is 2.0"));
}

TEST(Network, RoomComesBackWhenFramesForADeadPeerAreDropped) {
    NodeOptions options = quiet_options(1);
    options.network.frame_age_max = 50ms;
    options.peers[address(2)] = {.host = "127.0.0.1", .port = 1};  // Nobody listens there.
    run_node(options, [](World& world) -> Task<void> {
        const Bytes payload(std::size_t{1} << 20, 'x');
        while (world.network().send(address(2), payload)) {
        }
        co_await world.network().room(address(2));
        EXPECT_TRUE(co_await eventually(
            world, [&] { return network_of(world).counters().frames_stale == 33; }));
    });
}

TEST(Network, APeerMayBeGivenByName) {
    const auto a = make_node(quiet_options(1));
    const auto b = make_node(quiet_options(2));
    a->set_peer(address(2), {.host = "localhost", .port = b->port({0})});
    b->set_peer(address(1), loopback(a->port({0})));
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        EXPECT_TRUE(world.network().send(address(2), "x"));
        // Fails, and does not wait for ever, on a machine that does not know its own name.
        EXPECT_TRUE(
            co_await eventually(world, [&] { return network_of(world).counters().connects == 1; }));
    });
    a->join();
}

}  // namespace
}  // namespace distkv::os::test
