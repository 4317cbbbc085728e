#include "time/timeouts.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::time {
namespace {

TEST(Timeouts, FromGeometry) {
    const Timeouts t = suggest_timeouts({.floor_one_way = 30ms, .route_one_way = 75ms});
    EXPECT_EQ(t.rtt_floor, 60ms);
    EXPECT_EQ(t.consensus_floor, 60ms);
    EXPECT_EQ(t.rtt_p50, 150ms);
    EXPECT_EQ(t.rtt_p99, 225ms);
    EXPECT_EQ(t.partition_suspected, 225ms);
    EXPECT_EQ(t.heartbeat, 75ms);
    EXPECT_EQ(t.election_min, 975ms);
    EXPECT_EQ(t.election_max, 1950ms);
    EXPECT_EQ(t.rpc_deadline, 500ms);
    EXPECT_EQ(t.failover, 2450ms);
}

TEST(Timeouts, MeasurementsLead) {
    const Timeouts t = suggest_timeouts({.floor_one_way = 30ms,
                                         .route_one_way = 75ms,
                                         .measured = MeasuredRtt{.p50 = 80ms, .p99 = 400ms}});
    EXPECT_EQ(t.rtt_p50, 80ms);
    EXPECT_EQ(t.rtt_p99, 400ms);
    EXPECT_EQ(t.partition_suspected, 400ms);
}

TEST(Timeouts, NextDoorTheMachineDecides) {
    const Timeouts t = suggest_timeouts({});
    EXPECT_EQ(t.heartbeat, 20ms);
    EXPECT_EQ(t.election_min, 200ms);
    EXPECT_EQ(t.rpc_deadline, 100ms);
}

TEST(Timeouts, NeverBelowThePhysicalFloor) {
    base::Rng rng(1);
    for (int i = 0; i < 10'000; ++i) {
        Span span{.floor_one_way = Duration(rng.between(0, 1'000'000'000)),
                  .route_one_way = Duration(rng.between(0, 1'000'000'000))};
        if (rng.chance(500'000)) {
            span.measured = MeasuredRtt{.p50 = Duration(rng.between(0, 1'000'000'000)),
                                        .p99 = Duration(rng.between(0, 1'000'000'000))};
        }
        const Timeouts t = suggest_timeouts(span);
        const Duration floor = 2 * span.floor_one_way;
        for (const Duration each : {t.rtt_p50, t.rtt_p99, t.consensus_floor, t.partition_suspected,
                                    t.election_min, t.election_max, t.rpc_deadline, t.failover}) {
            ASSERT_GE(each, floor);
        }
        ASSERT_GE(t.partition_suspected, 3 * span.floor_one_way);
        ASSERT_GT(t.election_min, t.heartbeat + t.rtt_p99);
        ASSERT_GT(t.failover, t.election_max);
    }
}

}  // namespace
}  // namespace distkv::time
