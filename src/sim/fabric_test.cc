#include "sim/fabric.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;

constexpr world::Address kA{{1}, {0}};
constexpr world::Address kB{{2}, {0}};

struct Arrival {
    TrueTime at;
    std::string payload;
};

class FabricTest : public testing::Test {
protected:
    FabricTest() {
        const LinkShape shape{.delay = 10ms, .jitter_max = 2ms, .bytes_per_second = 1'000'000};
        for (const auto& from : {kA, kB}) {
            for (const auto& to : {kA, kB}) {
                fabric.set_link(from.node, to.node, shape);
            }
        }
        fabric.attach(kB, [this](const world::Frame& frame) {
            if (!has_room) {
                return false;
            }
            arrivals.push_back({stage.now(), frame.payload});
            return true;
        });
    }

    void send(std::string payload) {
        ASSERT_TRUE(fabric.send(kA, kB, std::move(payload)).has_value());
    }
    void run(time::Duration span = 100s) {
        const TrueTime until = stage.now() + span;
        while (stage.events.run_next(until)) {
        }
    }
    [[nodiscard]] std::uint64_t fired(Fault fault) const {
        return stage.faults[static_cast<std::size_t>(fault)];
    }

    Stage stage{1};
    Fabric fabric{stage};
    std::vector<Arrival> arrivals;
    bool has_room = true;
};

TEST_F(FabricTest, InCalmWeatherEverythingArrivesInOrderAndNoSoonerThanTheDelay) {
    for (int i = 0; i < 200; ++i) {
        send(std::to_string(i));
    }
    run();
    ASSERT_EQ(arrivals.size(), 200U);
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
        EXPECT_EQ(arrivals[i].payload, std::to_string(i));
        EXPECT_GE(arrivals[i].at, TrueTime(10ms));
    }
}

TEST_F(FabricTest, BandwidthTakesItsTime) {
    send(std::string(500'000, 'x'));
    run();
    ASSERT_EQ(arrivals.size(), 1U);
    EXPECT_GE(arrivals[0].at, TrueTime(510ms));
    EXPECT_LE(arrivals[0].at, TrueTime(512ms));
}

TEST_F(FabricTest, AFullOutboxSaysRetryAndQueuesNothing) {
    stage.weather.outbox_bytes_max = 1000;
    send(std::string(600, 'x'));
    const auto refused = fabric.send(kA, kB, std::string(600, 'y'));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, base::Errc::kRetry);
    run();
    EXPECT_EQ(arrivals.size(), 1U);
    send(std::string(600, 'z'));
}

TEST_F(FabricTest, UnknownNodesAndHugeFramesAreInvalid) {
    EXPECT_EQ(fabric.send(kA, {{9}, {0}}, "x").error().code, base::Errc::kInvalid);
    EXPECT_EQ(fabric.send(kA, kB, std::string(18U << 20U, 'x')).error().code, base::Errc::kInvalid);
}

TEST_F(FabricTest, LossDuplicationAndReorderingStrikeAndAreCounted) {
    stage.weather.loss_ppm = 200'000;
    stage.weather.duplicate_ppm = 200'000;
    stage.weather.reorder_ppm = 500'000;
    for (int i = 0; i < 500; ++i) {
        send(std::to_string(i));
        run(100us);
    }
    run();
    EXPECT_EQ(arrivals.size(), 500 - fired(Fault::kNetLoss) + fired(Fault::kNetDuplicate));
    EXPECT_GT(fired(Fault::kNetLoss), 50U);
    EXPECT_GT(fired(Fault::kNetDuplicate), 50U);
    std::size_t inversions = 0;
    for (std::size_t i = 1; i < arrivals.size(); ++i) {
        inversions += std::stoi(arrivals[i].payload) < std::stoi(arrivals[i - 1].payload) ? 1 : 0;
    }
    EXPECT_GT(inversions, 20U);
    EXPECT_GT(fired(Fault::kNetReorder), 20U);
}

TEST_F(FabricTest, CutsAreOneWayAndOverlappingOnesEndOneByOne) {
    fabric.attach(kA, [this](const world::Frame& frame) {
        arrivals.push_back({stage.now(), frame.payload});
        return true;
    });
    fabric.cut(kA.node, kB.node);
    fabric.cut(kA.node, kB.node);
    send("lost");
    ASSERT_TRUE(fabric.send(kB, kA, "back").has_value());
    run(1s);
    ASSERT_EQ(arrivals.size(), 1U);
    EXPECT_EQ(arrivals[0].payload, "back");
    fabric.mend(kA.node, kB.node);
    send("still lost");
    run(1s);
    EXPECT_EQ(arrivals.size(), 1U);
    fabric.mend(kA.node, kB.node);
    send("through");
    run(1s);
    EXPECT_EQ(arrivals.size(), 2U);
}

TEST_F(FabricTest, ACutAlsoStopsWhatIsOnItsWay) {
    send("lost");
    run(5ms);
    fabric.cut(kA.node, kB.node);
    run();
    EXPECT_TRUE(arrivals.empty());
}

TEST_F(FabricTest, AReceiverWithoutRoomIsOfferedTheFrameAgain) {
    has_room = false;
    send("patient");
    run(50ms);
    EXPECT_TRUE(arrivals.empty());
    has_room = true;
    run(50ms);
    EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(FabricTest, AFullInboxDoesNotChangeTheOrder) {
    int offers = 0;
    fabric.attach(kB, [&](const world::Frame& frame) {
        if (++offers <= 2) {  // Room comes just before the second frame.
            return false;
        }
        arrivals.push_back({stage.now(), frame.payload});
        return true;
    });
    for (int i = 0; i < 10; ++i) {
        send(std::to_string(i));
        run(500us);
    }
    run();
    ASSERT_EQ(arrivals.size(), 10U);
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
        EXPECT_EQ(arrivals[i].payload, std::to_string(i));
    }
}

TEST_F(FabricTest, AReorderingIsCountedWhenAFrameIsOvertaken) {
    stage.weather.reorder_ppm = 1'000'000;
    send("0");
    run();
    EXPECT_EQ(fired(Fault::kNetReorder), 0U) << "there was nothing to overtake";
    std::size_t overtakes = 0;
    int latest = 0;
    for (int i = 1; i < 100; ++i) {
        send(std::to_string(i));
    }
    run();
    for (const Arrival& arrival : arrivals) {
        const int number = std::stoi(arrival.payload);
        overtakes += number < latest ? 1 : 0;
        latest = std::max(latest, number);
    }
    EXPECT_GT(overtakes, 20U);
    EXPECT_GT(fired(Fault::kNetReorder), 20U);
}

TEST_F(FabricTest, TowardsAStrangerNothingWaits) {
    EXPECT_EQ(fabric.backlog_bytes(kA.node, {99}), 0U);
}

TEST_F(FabricTest, ANodeThatIsDownHearsNothing) {
    send("lost");
    fabric.detach(kB);
    run();
    EXPECT_TRUE(arrivals.empty());
}

}  // namespace
}  // namespace distkv::sim
