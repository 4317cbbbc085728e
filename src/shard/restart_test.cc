// What a host finds again after a crash. (Faults of all kinds: scenario/raft_run_test.cc.)
#include <gtest/gtest.h>

#include "base/codec.h"
#include "shard/blob_machine.h"
#include "shard/host.h"
#include "sim/planet.h"

namespace distkv::shard {
namespace {

using sim::Planet;
using world::Task;
using world::World;
using namespace std::chrono_literals;

constexpr GroupId kGroup{7};

class Counter : public BlobMachine {
public:
    using BlobMachine::BlobMachine;

protected:
    void clear() override { count_ = 0; }
    void apply(const raft::Entry&) override { ++count_; }
    [[nodiscard]] base::Bytes encode() const override {
        base::Encoder out;
        out.varint(count_);
        return std::move(out).take();
    }
    base::Result<void> decode(base::ByteView state) override {
        base::Decoder in(state);
        count_ = TRY(in.varint());
        return in.finish();
    }

private:
    std::uint64_t count_ = 0;
};

raft::Membership alone() {
    return {.voters = {{.id = {1}}}};
}

HostServices services(World& world) {
    return {.address_of = [](GroupId, raft::ReplicaId replica) -> std::optional<world::Address> {
                return world::Address{{replica.value}, {0}};
            },
            .make_machine =
                [&world](GroupId group, raft::ReplicaId) {
                    return std::make_unique<Counter>(world, "groups/" + to_string(group));
                }};
}

Task<void> until_committed(World& world, Host& host) {
    while (!co_await host.propose(kGroup, raft::Body("x"))) {
        co_await world.sleep_for(10ms);
    }
}

TEST(Host, AStateThatWasNeverFlushedKnowsItsMembers) {
    int starts = 0;
    int checked = 0;
    const sim::PlanetOptions options{.seed = 1,
                                     .sites = {{"here", {0, 0}}},
                                     .length = 20s,
                                     .weather = sim::Weather::calm(),
                                     .reactors_per_node = 1};
    Planet planet(options, [&](World& world) -> Task<void> {
        const auto host = (co_await Host::open(world, {}, services(world))).value();
        if (++starts == 1) {
            EXPECT_TRUE(
                (co_await host->create({.group = kGroup, .replica = {1}, .membership = alone()}))
                    .has_value());
        }
        EXPECT_EQ(host->find(kGroup)->applied.membership, alone());
        EXPECT_EQ(host->find(kGroup)->core.membership(), alone());
        world::Scope tasks(world.scheduler());
        tasks.spawn("run",
                    [](Host& its) -> Task<void> { static_cast<void>(co_await its.run()); }(*host));
        co_await until_committed(world, *host);
        EXPECT_EQ(host->find(kGroup)->applied.membership, alone());
        EXPECT_EQ(host->counts().flushes, 0U);
        ++checked;
        co_await world.sleep_for(1h);
    });
    planet.stage().events.schedule_in(5s, [&] { planet.node({1}).crash(); });
    planet.stage().events.schedule_in(6s, [&] { planet.node({1}).start(); });
    planet.run();
    EXPECT_EQ(starts, 2);
    EXPECT_EQ(checked, 2);
}

}  // namespace
}  // namespace distkv::shard
