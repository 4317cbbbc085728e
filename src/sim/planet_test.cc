// The planet as its programs see it: nodes, reactors, restarts, and that a seed decides everything.
#include "sim/planet.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/reactor.h"
#include "world/call.h"
#include "world/deadline.h"

namespace distkv::sim {
namespace {

using base::Result;
using world::Task;
using world::World;
using namespace std::chrono_literals;

PlanetOptions two_sites(time::Duration length) {
    return {.seed = 5,
            .sites = {{"virginia", {38.9, -77.4}}, {"tokyo", {35.6, 139.7}}},
            .length = length,
            .weather = Weather::calm(),
            .reactors_per_node = 2};
}

Task<void> until_asked_to_stop(World& world) {
    while (!world.stopping()) {
        co_await world.stop_signal().wait();
    }
}

TEST(Planet, AFrameTakesAtLeastTheTimeOfLight) {
    std::vector<time::Duration> taken;
    Planet planet(two_sites(2s), [&](World& world) -> Task<void> {
        if (world.reactors().self() == base::ReactorId{0} && world.node() == base::NodeId{1}) {
            EXPECT_TRUE(world.network().send({{2}, {1}}, "ping").has_value());
            const time::MonoTime sent = world.mono_now();
            const world::Frame reply = co_await world.network().receive();
            EXPECT_EQ(reply.payload, "ping pong");
            taken.push_back(world.mono_now() - sent);
        } else if (world.reactors().self() == base::ReactorId{1}) {
            for (;;) {
                const world::Frame frame = co_await world.network().receive();
                EXPECT_TRUE(world.network().send(frame.from, frame.payload + " pong").has_value());
            }
        }
        co_await until_asked_to_stop(world);
    });
    planet.run();
    ASSERT_EQ(taken.size(), 1U);
    const auto floor = time::light_floor({38.9, -77.4}, {35.6, 139.7});
    EXPECT_GE(taken[0], 2 * floor);
    EXPECT_LE(taken[0], 8 * floor);
}

TEST(Planet, ReactorsOfANodeCallEachOther) {
    std::vector<std::string> answers;
    Planet planet(two_sites(1s), [&](World& world) -> Task<void> {
        if (world.reactors().self() == base::ReactorId{0}) {
            const auto answer = co_await world::call(world, {1}, [](World& there) {
                return "reactor " + to_string(there.reactors().self());
            });
            answers.push_back(answer.value_or("none"));
        }
        co_await until_asked_to_stop(world);
    });
    planet.run();
    EXPECT_EQ(answers, (std::vector<std::string>{"reactor 1", "reactor 1"}));
}

TEST(Planet, ACancelledCallLeavesNothingBehind) {
    int worked = 0;
    std::size_t pending = 99;
    Planet planet(two_sites(1s), [&](World& world) -> Task<void> {
        if (world.reactors().self() == base::ReactorId{0}) {
            const auto ask = [&](World& here) -> Task<Result<int>> {
                co_return co_await world::call(here, {1}, [&worked](World&) { return ++worked; });
            };
            const auto late =
                co_await world::with_deadline(world.scheduler(), world.mono_now(), ask(world));
            EXPECT_EQ(late.error().code, base::Errc::kUnknown);
            co_await world.sleep_for(100ms);
            pending = world.pending_calls().size();
        }
        co_await until_asked_to_stop(world);
    });
    planet.run();
    EXPECT_EQ(worked, 2) << "the work was done all the same, on each of two nodes";
    EXPECT_EQ(pending, 0U);
}

TEST(Planet, CrashesStopsAndPausesShowAsTheyShould) {
    std::map<base::NodeId, int> starts;
    std::map<base::NodeId, int> polite_ends;
    int ticks = 0;
    PlanetOptions options = two_sites(20s);
    options.reactors_per_node = 1;
    options.heal_percent = 90;
    Planet planet(options, [&](World& world) -> Task<void> {
        ++starts[world.node()];
        while (!world.stopping()) {
            co_await world.sleep_for(100ms);
            ticks += world.node() == base::NodeId{1} ? 1 : 0;
        }
        ++polite_ends[world.node()];
    });
    EventQueue& events = planet.stage().events;
    Node& one = planet.node({1});
    Node& two = planet.node({2});
    events.schedule_in(5s, [&] { two.crash(); });
    events.schedule_in(6s, [&] { two.start(); });
    events.schedule_in(8s, [&] { two.stop(); });
    events.schedule_in(9s, [&] { EXPECT_FALSE(two.up()); });
    events.schedule_in(10s, [&] { one.pause(); });
    events.schedule_in(11s, [&] {
        const int during = ticks;
        events.schedule_in(1s, [&, during] {
            EXPECT_EQ(ticks, during) << "a paused node runs nothing";
            one.resume();
        });
    });
    planet.run();
    EXPECT_EQ(starts[base::NodeId{1}], 1);
    EXPECT_EQ(starts[base::NodeId{2}], 3) << "the healing starts what is down";
    EXPECT_EQ(polite_ends[base::NodeId{2}], 1);
    EXPECT_GE(ticks, 170);
    EXPECT_LE(ticks, 182);
}

TEST(Planet, TheHealingLeavesNobodyDownWhoWasJustStopping) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        PlanetOptions options = two_sites(30s);
        options.seed = seed;
        options.weather->on[static_cast<std::size_t>(Fault::kNodeRestart)] = true;
        options.weather->trouble_every = 2s;
        Planet planet(options, [&](World& world) -> Task<void> {
            co_await until_asked_to_stop(world);
            co_await world.sleep_for(3s);  // Says goodbye.
        });
        planet.run();
        for (const auto& node : planet.nodes()) {
            EXPECT_TRUE(node->up() || planet.nemesis().broken_for_ever().contains(node->id()))
                << "seed " << seed << ", node " << node->id().value;
        }
    }
}

TEST(Planet, RoomTowardsAStrangerIsNotWaitedFor) {
    int passed = 0;
    Planet planet(two_sites(1s), [&](World& world) -> Task<void> {
        co_await world.network().room({{77}, {0}});
        ++passed;
        co_await until_asked_to_stop(world);
    });
    planet.run();
    EXPECT_EQ(passed, 4);
}

TEST(Planet, AMachineThatLostPowerCountsItsTimeAnew) {
    std::vector<time::MonoTime> started;
    PlanetOptions options = two_sites(20s);
    options.reactors_per_node = 1;
    Planet planet(options, [&](World& world) -> Task<void> {
        if (world.node() == base::NodeId{2}) {
            started.push_back(world.mono_now());
        }
        co_await until_asked_to_stop(world);
    });
    Node& two = planet.node({2});
    planet.stage().events.schedule_in(2s, [&] { two.kill(); });
    planet.stage().events.schedule_in(4s, [&] { two.start(); });
    planet.stage().events.schedule_in(6s, [&] { two.crash(); });
    planet.stage().events.schedule_in(7s, [&] { two.start(); });
    planet.run();
    ASSERT_EQ(started.size(), 3U);
    EXPECT_EQ(started[1] - started[0], 4s) << "only its program had died";
    EXPECT_EQ(started[2].time_since_epoch(), 1s);
}

// ---- determinism

struct Chatter {
    std::uint64_t seed;
    std::uint64_t spoil_message = 0;  // One byte of this message is changed.
};

std::uint64_t trace_of(const Chatter& chatter, std::optional<Weather> weather = std::nullopt) {
    std::uint64_t message = 0;
    PlanetOptions options = two_sites(20s);
    options.seed = chatter.seed;
    options.weather = std::move(weather);
    options.reactors_per_node.reset();
    Planet planet(options, [&](World& world) -> Task<void> {
        const base::NodeId other{3 - world.node().value};
        for (;;) {
            co_await world.sleep_for(time::Duration(world.rng().between(1'000'000, 200'000'000)));
            std::string payload(1 + world.rng().below(100), 'x');
            if (++message == chatter.spoil_message) {
                payload[0] ^= 1;
            }
            static_cast<void>(
                world.network().send({other, world.reactors().self()}, std::move(payload)));
            static_cast<void>(co_await world.disk().replace("note", std::to_string(message)));
        }
    });
    planet.run();
    return planet.stage().trace.hash();
}

TEST(Determinism, ASeedDecidesEverything) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        EXPECT_EQ(trace_of({seed}), trace_of({seed})) << seed;
        EXPECT_NE(trace_of({seed}), trace_of({seed + 1})) << seed;
    }
}

TEST(Determinism, OneChangedPayloadByteChangesTheHash) {
    const std::uint64_t plain = trace_of({7}, Weather::calm());
    for (const std::uint64_t message : {1, 10, 100}) {
        EXPECT_NE(trace_of({7, message}, Weather::calm()), plain) << message;
    }
}

TEST(Weather, EverySeedHasItsOwnSubsetOfFaults) {
    std::array<int, kFaultCount> on{};
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const Weather weather = Weather::draw(base::Rng(seed), 60s);
        for (std::size_t i = 0; i < kFaultCount; ++i) {
            on[i] += weather.on[i] ? 1 : 0;
        }
        EXPECT_EQ(weather.loss_ppm > 0, weather.has(Fault::kNetLoss));
    }
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        EXPECT_GT(on[i], 400) << kFaultLabels[i];
        EXPECT_LT(on[i], 600) << kFaultLabels[i];
    }
}

}  // namespace
}  // namespace distkv::sim
