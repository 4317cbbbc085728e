// The durable ceiling under crashes and damage.
#include "gossip/ceiling_file.h"

#include <functional>

#include <gtest/gtest.h>

#include "sim/planet.h"

namespace distkv::gossip {
namespace {

using sim::Planet;
using world::Task;
using world::World;
using namespace std::chrono_literals;

sim::PlanetOptions one_node(std::uint64_t seed) {
    return {.seed = seed,
            .sites = {{"here", {0, 0}}},
            .length = 20s,
            .weather = sim::Weather::calm(),
            .reactors_per_node = 1};
}

TEST(CeilingFile, AfterACrashAtAnyMomentItHoldsWhatWasPromisedOrLater) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        time::Hlc promised;
        time::Hlc asked;
        int starts = 0;
        Planet planet(one_node(seed), [&](World& world) -> Task<void> {
            CeilingFile file(world, "clock");
            const auto found = co_await file.load();
            EXPECT_TRUE(found.has_value());
            if (++starts > 1) {
                EXPECT_GE(*found, promised) << "seed " << seed;
                EXPECT_LE(*found, asked) << "seed " << seed;
                co_await world.sleep_for(1h);
            }
            EXPECT_EQ(*found, time::Hlc{});
            for (;;) {
                asked = time::Hlc{asked.word + 1};
                EXPECT_TRUE((co_await file.save(asked)).has_value());
                promised = asked;
            }
        });
        sim::Node& node = planet.node({1});
        const time::Duration crash_after = 100us + time::Duration(17us) * seed;
        planet.stage().events.schedule_in(crash_after, [&node] { node.crash(); });
        planet.stage().events.schedule_in(crash_after + 1s, [&node] { node.start(); });
        planet.run();
        EXPECT_EQ(starts, 2);
    }
}

TEST(CeilingFile, WhatWasPromisedOnAFailingDiskStandsInBothCopies) {
    int promises = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        time::Hlc promised;
        int starts = 0;
        sim::PlanetOptions options = one_node(seed);
        options.weather->disk_write_error_ppm = 100'000;
        Planet planet(options, [&](World& world) -> Task<void> {
            CeilingFile file(world, "clock");
            if (++starts > 1) {
                const auto found = co_await file.load();
                EXPECT_GE(found.value_or(time::Hlc{}), promised) << "seed " << seed;
                co_await world.sleep_for(1h);
            }
            for (std::uint64_t asked = 1;; ++asked) {
                if (co_await file.save({asked})) {
                    promised = {asked};
                    ++promises;
                }
                co_await world.sleep_for(100ms);
            }
        });
        sim::Node& node = planet.node({1});
        planet.stage().events.schedule_in(1s, [&] {
            node.crash();
            static_cast<void>(promised == time::Hlc{} || node.disk().flip_bit());
            node.start();
        });
        planet.run();
        EXPECT_EQ(starts, 2);
    }
    EXPECT_GT(promises, 500);
}

// Loads after `flips` bits were flipped at random places of the saved copies.
void load_after_flips(std::uint64_t seed, int flips,
                      const std::function<void(const base::Result<time::Hlc>&)>& judge) {
    Planet planet(one_node(seed), [&](World& world) -> Task<void> {
        CeilingFile file(world, "clock");
        EXPECT_TRUE((co_await file.save({77})).has_value());
        co_await world.sleep_for(5s);
        judge(co_await file.load());
        co_await world.sleep_for(1h);
    });
    sim::DiskImage& disk = planet.node({1}).disk();
    planet.stage().events.schedule_in(2s, [&disk, flips] {
        for (int i = 0; i < flips; ++i) {
            EXPECT_TRUE(disk.flip_bit());
        }
    });
    planet.run();
}

TEST(CeilingFile, OneDamagedCopyLosesNothing) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        load_after_flips(seed, 1, [](const auto& found) {
            EXPECT_EQ(found.value_or(time::Hlc{}), time::Hlc{77});
        });
    }
}

TEST(CeilingFile, TwoDamagedCopiesAreReportedAndNeverGuessed) {
    int refused = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        load_after_flips(seed, 9, [&refused](const auto& found) {
            if (found) {
                EXPECT_EQ(*found, time::Hlc{77});
            } else {
                EXPECT_EQ(found.error().code, base::Errc::kCorrupt);
                EXPECT_NE(found.error().detail.find("new identity"), std::string::npos);
                ++refused;
            }
        });
    }
    EXPECT_GT(refused, 30);
}

}  // namespace
}  // namespace distkv::gossip
