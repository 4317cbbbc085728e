// Who hears what, and when: cancelled writers, two blocks in the air, no space for either.
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/planet.h"
#include "storage_log/log.h"

namespace distkv::storage_log {
namespace {

using base::Result;
using world::Task;
using world::World;

constexpr GroupId kGroup{1};

void on_a_node(const std::function<Task<void>(World&, sim::DiskImage&)>& program) {
    sim::Planet* whole = nullptr;
    bool ended = false;
    sim::Planet planet({.seed = 1,
                        .sites = {{"here", {}}},
                        .length = 1s,
                        .weather = sim::Weather::calm(),
                        .reactors_per_node = 1},
                       [&](World& world) -> Task<void> {
                           co_await program(world, whole->node({1}).disk());
                           ended = true;
                           co_await world.sleep_for(1h);
                       });
    whole = &planet;
    planet.run();
    EXPECT_TRUE(ended);
}

Task<void> run_log(Log& log) {
    static_cast<void>(co_await log.run());
}

std::vector<Record> at(std::uint64_t index, const std::string& body) {
    std::vector<Record> records;
    records.push_back(entry(kGroup, index, 1, body));
    return records;
}

Task<void> write(Log& log, std::uint64_t index, std::string& heard) {
    const auto done = co_await log.write(at(index, "x"));
    heard += std::to_string(index) + (done ? "" : "!");
}

TEST(LogWrite, ACancelledWriterIsNotToldAndItsNeighboursAre) {
    on_a_node([](World& world, sim::DiskImage&) -> Task<void> {
        auto log = co_await Log::open(world, {});
        world::Scope running(world.scheduler());
        running.spawn("log", run_log(**log));
        std::string heard;
        world::Scope others(world.scheduler());
        {
            world::Scope cancelled(world.scheduler());
            cancelled.spawn("1", write(**log, 1, heard));
            co_await world.sleep_for(10us);  // It flies.
            others.spawn("2", write(**log, 2, heard));
            co_await world.sleep_for(1us);
            cancelled.spawn("3", write(**log, 3, heard));
            co_await world.sleep_for(1us);
            others.spawn("4", write(**log, 4, heard));
            co_await world.sleep_for(1us);
        }
        co_await others.join();
        EXPECT_EQ(heard.size(), 2U);
        EXPECT_TRUE(heard.contains('2') && heard.contains('4')) << heard;
        EXPECT_EQ((*log)->find(kGroup)->last(), 4U) << "cancelled, but handed in";
    });
}

TEST(LogWrite, WithoutSpaceBothBlocksInTheAirAreRefusedAndNeitherHappened) {
    on_a_node([](World& world, sim::DiskImage& disk) -> Task<void> {
        std::string heard;
        const auto hand_in = [&](Log& log, std::uint64_t index, const std::string& body) {
            log.submit(at(index, body), [&heard, index](const Result<void>& answer) {
                heard += std::to_string(index) + (answer ? "" : "!");
            });
        };
        {
            auto log = co_await Log::open(world, {.zeros_ahead = 0, .behind_bytes = 0});
            world::Scope running(world.scheduler());
            running.spawn("log", run_log(**log));
            EXPECT_TRUE((co_await (*log)->write(at(1, std::string(20'000, 'a')))).has_value());
            disk.set_full(true);
            for (std::uint64_t index = 2; index <= 4; ++index) {  // The third waits.
                hand_in(**log, index, std::string(20'000, 'b'));
                co_await world.sleep_for(1us);
            }
            EXPECT_EQ(heard, "");
            EXPECT_EQ((*log)->counts().blocks_behind, 1U);
            co_await world.sleep_for(1ms);
            EXPECT_EQ(heard, "2!3!4!");
            disk.set_full(false);
            heard.clear();
            for (std::uint64_t index = 2; index <= 4; ++index) {
                hand_in(**log, index, std::string(20'000, 'c'));
                co_await world.sleep_for(1us);
            }
            co_await world.sleep_for(1ms);
            EXPECT_EQ(heard, "234");
            EXPECT_EQ((*log)->counts().blocks_behind, 3U) << "each but the first";
        }
        auto log = co_await Log::open(world, {});
        EXPECT_TRUE((*log)->recovery().damage.empty());
        const auto read = co_await (*log)->read(kGroup, {1, 9}, 1 << 20);
        EXPECT_EQ(read->size(), 4U);
        EXPECT_EQ(read->back().body, std::string(20'000, 'c'));
    });
}

}  // namespace
}  // namespace distkv::storage_log
