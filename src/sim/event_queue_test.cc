#include "sim/event_queue.h"

#include <vector>

#include <gtest/gtest.h>

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;

TEST(EventQueue, RunsByTimeThenByOrderOfScheduling) {
    EventQueue events;
    std::vector<int> seen;
    events.schedule_in(3ms, [&] { seen.push_back(4); });
    events.schedule_in(1ms, [&] {
        seen.push_back(1);
        events.schedule_in({}, [&] { seen.push_back(3); });
    });
    events.schedule_in(1ms, [&] { seen.push_back(2); });
    while (events.run_next(TrueTime(10ms))) {
    }
    EXPECT_EQ(seen, (std::vector<int>{1, 2, 3, 4}));
    EXPECT_EQ(events.now(), TrueTime(10ms));
    EXPECT_EQ(events.events_run(), 4U);
}

TEST(EventQueue, StopsBeforeWhatLiesBeyond) {
    EventQueue events;
    int runs = 0;
    events.schedule_in(5ms, [&] { ++runs; });
    EXPECT_FALSE(events.run_next(TrueTime(4ms)));
    EXPECT_EQ(events.now(), TrueTime(4ms));
    EXPECT_TRUE(events.run_next(TrueTime(5ms)));
    EXPECT_EQ(runs, 1);
}

TEST(EventQueueDeath, NothingHappensInThePast) {
    EXPECT_DEATH(
        {
            EventQueue events;
            events.schedule_in(5ms, [] {});
            events.run_next(TrueTime(5ms));
            events.schedule(TrueTime(4ms), [] {});
        },
        "CHECK failed");
}

}  // namespace
}  // namespace distkv::sim
