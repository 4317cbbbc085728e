// Whatever arrives at an open port, the node serves on.
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "os/testbed_test.h"
#include "wire/frame.h"

namespace distkv::os::test {
namespace {

using base::Bytes;
using world::Mark;
using world::Task;
using world::World;

// A node that takes frames; what it has seen can be asked from outside.
struct Host {
    std::unique_ptr<Node> node;
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> malformed = 0;
    std::atomic<std::uint64_t> late = 0;
    std::atomic<std::uint64_t> refused = 0;
    std::atomic<std::uint64_t> received = 0;
    std::atomic<std::uint64_t> marks = 0;
    std::atomic<std::size_t> connections = 0;

    explicit Host(NodeOptions options) : node(make_node(std::move(options))) {
        node->start([this](World& world) -> Task<void> {
            world::Scope scope(world.scheduler());
            scope.spawn("receive", receive_all(world));
            while (!done && !world.stopping()) {
                const NetworkCounters& seen = network_of(world).counters();
                malformed = seen.malformed;
                late = seen.hellos_late;
                refused = seen.hellos_refused;
                received = seen.frames_received;
                marks = marked(world, Mark::kFrameMalformed);
                connections = network_of(world).inbound_count();
                co_await world.sleep_for(1ms);
            }
        });
    }
    ~Host() {
        done = true;
        node->join();
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    static Task<void> receive_all(World& world) {
        for (;;) {
            co_await world.network().receive();
        }
    }
    [[nodiscard]] std::uint16_t port() const { return node->port({0}); }
};

Bytes frame(const Bytes& payload) {
    Bytes bytes;
    wire::append_frame(bytes, payload);
    return bytes;
}

TEST(Stranger, GarbageIsThrownOut) {
    Lines lines;
    Host host(quiet_options(2, &lines));
    std::uint64_t thrown_out = 0;
    for (const Bytes& garbage : {Bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), Bytes(100'000, '\xff'),
                                 Bytes(8, '\0'), frame("not a hello")}) {
        Stranger stranger(host.port());
        stranger.send(garbage);
        EXPECT_TRUE(stranger.is_thrown_out());
        ++thrown_out;
        EXPECT_TRUE(wait_until([&] { return host.malformed == thrown_out; }));
    }
    EXPECT_EQ(host.marks, thrown_out);
    EXPECT_EQ(lines.count("warn stranger_refused"), thrown_out);
    EXPECT_TRUE(lines.contains("a frame of 542393671 bytes; at most 53 are allowed"));
}

TEST(Stranger, SilenceIsThrownOut) {
    NodeOptions options = quiet_options(2);
    options.network.hello_limit = 50ms;
    Host host(std::move(options));
    Stranger silent(host.port());
    Stranger slow(host.port());
    slow.send("\x35");
    EXPECT_TRUE(silent.is_thrown_out());
    EXPECT_TRUE(slow.is_thrown_out());
    EXPECT_TRUE(wait_until([&] { return host.late == 2; }));
}

TEST(Stranger, AHelloForSomebodyElseIsThrownOut) {
    Host host(quiet_options(2));
    Stranger other_cluster(host.port());
    other_cluster.say_hello({1}, 7, 2);
    EXPECT_TRUE(other_cluster.is_thrown_out());
    Stranger other_node(host.port());
    other_node.say_hello(kCluster, 7, 3);
    EXPECT_TRUE(other_node.is_thrown_out());
    EXPECT_TRUE(wait_until([&] { return host.refused == 2; }));
    EXPECT_EQ(host.malformed, 0U);
}

TEST(Stranger, AHelloIsAnsweredAndFramesAreTakenByteByByte) {
    Host host(quiet_options(2));
    Stranger peer(host.port());
    peer.say_hello(kCluster, 7, 2);
    const Bytes answer = peer.receive(wire::kFrameHeaderBytes + wire::kHelloBytes);
    const auto hello = wire::decode_hello(answer.substr(wire::kFrameHeaderBytes));
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->from.node.value, 2U);
    EXPECT_EQ(hello->to.node.value, 7U);
    for (const char byte : frame("one") + frame("two")) {
        peer.send({&byte, 1});
    }
    EXPECT_TRUE(wait_until([&] { return host.received == 2; }));
}

TEST(Stranger, HalfAFrameAndThenTheEndDeliversNothing) {
    Lines lines;
    Host host(quiet_options(2, &lines));
    Stranger peer(host.port());
    peer.say_hello(kCluster, 7, 2);
    const Bytes bytes = frame("whole") + frame("never comes to its end");
    peer.send(base::ByteView(bytes).substr(0, bytes.size() - 1));
    peer.close();
    EXPECT_TRUE(wait_until([&] { return lines.contains("info peer_left peer=7.0"); }));
    EXPECT_TRUE(wait_until([&] { return host.received == 1 && host.connections == 0; }));
    EXPECT_EQ(host.malformed, 0U);
}

TEST(Stranger, APeerWithADamagedFrameIsThrownOut) {
    Lines lines;
    Host host(quiet_options(2, &lines));
    Stranger peer(host.port());
    peer.say_hello(kCluster, 7, 2);
    Bytes bytes = frame("whole") + frame("damaged");
    bytes.back() = 'x';
    peer.send(bytes);
    EXPECT_TRUE(peer.is_thrown_out());
    EXPECT_TRUE(wait_until([&] { return host.marks == 1 && host.received == 1; }));
    EXPECT_TRUE(lines.contains("warn peer_sent_garbage peer=7.0"));
}

TEST(Stranger, SilentOnesMakeRoomForPeers) {
    NodeOptions options = quiet_options(2);
    options.network.inbound_max = 4;
    Host host(std::move(options));
    std::vector<std::unique_ptr<Stranger>> strangers;
    for (int i = 0; i < 20; ++i) {
        strangers.push_back(std::make_unique<Stranger>(host.port()));
    }
    Stranger peer(host.port());
    peer.say_hello(kCluster, 7, 2);
    peer.send(frame("here I am"));
    EXPECT_TRUE(wait_until([&] { return host.received == 1; }));
    EXPECT_TRUE(strangers.front()->is_thrown_out());
    EXPECT_LE(host.connections, 4U);
}

TEST(Stranger, ASecondLifeOfAPeerReplacesTheFirst) {
    Host host(quiet_options(2));
    Stranger first(host.port());
    first.say_hello(kCluster, 7, 2);
    first.receive(wire::kFrameHeaderBytes + wire::kHelloBytes);
    Stranger second(host.port());
    second.say_hello(kCluster, 7, 2);
    EXPECT_TRUE(first.is_thrown_out());
    second.send(frame("x"));
    EXPECT_TRUE(wait_until([&] { return host.received == 1; }));
}

}  // namespace
}  // namespace distkv::os::test
