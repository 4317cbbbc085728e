// The same gossip, unchanged, in the real world: three nodes of two reactors each, over TCP on
// loopback, with their ceilings on a real disk, stopped and started again.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gossip/gossip.h"
#include "os/node.h"

namespace distkv::gossip {
namespace {

using world::Address;
using world::Task;
using world::World;
using namespace std::chrono_literals;

constexpr std::size_t kNodes = 3;
constexpr std::size_t kReactors = 2;
constexpr int kVerdictsWanted = 8;
constexpr time::Duration kPatience = 30s;

// What one reactor has done; touched by its own thread only, read when all have ended.
class Diary : public Observer {
public:
    explicit Diary(std::atomic<int>& unfinished) : unfinished_(unfinished) {}

    void stamped(Address, time::Hlc stamp) override { take(stamp); }
    void received(Address, Address, time::Hlc remote, time::Hlc stamp) override {
        EXPECT_GT(stamp, remote);
        take(stamp);
    }
    void refused(Address, Address, time::Hlc) override { ++refused_stamps; }
    void sent(Address, Address, const Message&) override {}
    void heard(Address, Address, const Message&) override {}
    void faster_than_light(Address, Address) override { ++faster_than_light_seen; }
    void ping_ended(Address, bool definite) override { answered += definite ? 1 : 0; }
    void judged(Address, const std::vector<time::PeerClock>& peers,
                const time::ClockVerdict& verdict) override {
        for (const time::PeerClock& peer : peers) {
            // All nodes read the clock of this one machine.
            EXPECT_TRUE(!peer.offset || peer.offset->contains(0ns));
        }
        EXPECT_TRUE(verdict.off.empty());
        verdicts += verdict.determined ? 1 : 0;
        if (verdicts == kVerdictsWanted) {
            --unfinished_;
        }
    }

    time::Hlc first;
    time::Hlc highest;
    int answered = 0;
    int verdicts = 0;
    int refused_stamps = 0;
    int faster_than_light_seen = 0;

private:
    void take(time::Hlc stamp) {
        EXPECT_GT(stamp, highest);
        first = first == time::Hlc{} ? stamp : first;
        highest = std::max(highest, stamp);
    }

    std::atomic<int>& unfinished_;
};

Task<void> gossip_until_all_have_verdicts(World& world, Diary& diary,
                                          const std::atomic<int>& unfinished) {
    GossipOptions options;
    options.self = {world.node(), world.reactors().self()};
    options.ping_every = 5ms;
    options.judge_every = 50ms;
    for (std::size_t node = 1; node <= kNodes; ++node) {
        if (base::NodeId{node} != world.node()) {
            options.peers.push_back({{{node}, options.self.reactor}, 0ns});
        }
    }
    world::Scope scope(world.scheduler());
    scope.spawn("gossip", run_gossip(world, options, diary));
    const time::MonoTime due = world.mono_now() + kPatience;
    while (unfinished > 0 && world.mono_now() < due) {
        co_await world.sleep_for(10ms);
    }
}

using Diaries = std::map<Address, std::unique_ptr<Diary>>;

// One life of the three nodes.
Diaries live(const std::string& directory) {
    std::atomic<int> unfinished = kNodes * kReactors;
    Diaries diaries;
    std::vector<std::unique_ptr<os::Node>> nodes;
    for (std::size_t i = 1; i <= kNodes; ++i) {
        os::NodeOptions options;
        options.node = {i};
        options.cluster = {42};
        options.reactors = kReactors;
        options.data_directory = directory + "/node" + std::to_string(i);
        options.listen = os::Endpoint{"127.0.0.1", 0};
        options.log_level = base::LogLevel::kError;
        std::filesystem::create_directories(options.data_directory);
        auto node = os::Node::make(std::move(options));
        EXPECT_TRUE(node.has_value()) << node.error().detail;
        nodes.push_back(std::move(*node));
        for (std::size_t r = 0; r < kReactors; ++r) {
            diaries[{{i}, {r}}] = std::make_unique<Diary>(unfinished);
        }
    }
    for (const auto& node : nodes) {
        for (std::size_t i = 1; i <= kNodes; ++i) {
            for (std::size_t r = 0; r < kReactors; ++r) {
                node->set_peer({{i}, {r}}, {"127.0.0.1", nodes[i - 1]->port({r})});
            }
        }
    }
    for (const auto& node : nodes) {
        node->start([&diaries, &unfinished](World& world) {
            const Address self{world.node(), world.reactors().self()};
            return gossip_until_all_have_verdicts(world, *diaries.at(self), unfinished);
        });
    }
    for (const auto& node : nodes) {
        node->join();
    }
    EXPECT_EQ(unfinished, 0) << "not every reactor came to its verdicts";
    return diaries;
}

TEST(RealWorld, ThreeNodesKeepTimeAcrossARestart) {
    std::string directory = testing::TempDir() + "gossip-XXXXXX";
    ASSERT_NE(mkdtemp(directory.data()), nullptr);
    const Diaries before = live(directory);
    const Diaries after = live(directory);
    for (const auto& [address, diary] : before) {
        EXPECT_GT(diary->answered, 10) << to_string(address);
        EXPECT_EQ(diary->refused_stamps, 0) << to_string(address);
        EXPECT_EQ(diary->faster_than_light_seen, 0) << to_string(address);
        EXPECT_GT(after.at(address)->first, diary->highest)
            << to_string(address) << ": a restart must not go back";
    }
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace distkv::gossip
