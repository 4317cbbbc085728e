#include "time/skew_guard.h"

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "time/duration_text.h"
#include "time/error_of.h"
#include "time/hlc_clock.h"

namespace distkv::time {
namespace {

constexpr WallTime kNow{1'800'000'000s};
constexpr base::NodeId kPeer{7};

TEST(SkewGuard, TwoLimits) {
    const SkewGuard guard;
    const auto verdict = [&](Duration ahead) {
        return guard.judge(kNow, Hlc::at(kNow + ahead), kPeer);
    };
    EXPECT_EQ(verdict(0s).value(), SkewVerdict::kAccept);
    EXPECT_EQ(verdict(500ms).value(), SkewVerdict::kAccept);
    EXPECT_EQ(verdict(500ms + 1us).value(), SkewVerdict::kLeaseLost);
    EXPECT_EQ(verdict(1s).value(), SkewVerdict::kLeaseLost);
    EXPECT_EQ(verdict(60s).value(), SkewVerdict::kLeaseLost);
    EXPECT_EQ(error_of(verdict(60s + 1us)).code, base::Errc::kInvalid);
    EXPECT_EQ(verdict(-1h).value(), SkewVerdict::kAccept);
    EXPECT_EQ(verdict(-24h * 365 * 20).value(), SkewVerdict::kAccept);
}

TEST(SkewGuard, RefusalNamesOffenderDistanceAndLimit) {
    const base::Error error = error_of(SkewGuard().judge(kNow, Hlc::at(kNow + 1h), kPeer));
    for (const std::string_view part : {"node7", "1h", "1min"}) {
        EXPECT_NE(error.detail.find(part), std::string::npos) << error.detail;
    }
}

TEST(SkewGuard, ExtremeReadings) {
    const SkewGuard guard;
    EXPECT_FALSE(guard.judge(kNow, kHlcMax, kPeer).has_value());
    EXPECT_FALSE(guard.judge(WallTime::min(), kHlcMax, kPeer).has_value());
    EXPECT_TRUE(guard.judge(WallTime::max(), kHlcMax, kPeer).has_value());
    EXPECT_TRUE(guard.judge(WallTime::min(), Hlc{}, kPeer).has_value());
    EXPECT_TRUE(guard.judge(WallTime::max(), Hlc{}, kPeer).has_value());
}

TEST(SkewGuard, LimitsAreValidated) {
    EXPECT_TRUE(SkewGuard::validate({.refusal = 1s, .lease = 1s}).has_value());
    EXPECT_FALSE(SkewGuard::validate({.refusal = 1s, .lease = 2s}).has_value());
    EXPECT_FALSE(SkewGuard::validate({.refusal = 1s, .lease = -1s}).has_value());
}

TEST(SkewGuard, AClockAnHourAheadContaminatesNobody) {
    const SkewGuard guard;
    HlcClock clock{Hlc{}};
    clock.raise_ceiling(clock.wanted_ceiling(kNow));
    const Hlc before = clock.now(kNow).value();
    const Hlc wrong = Hlc::at(kNow + 1h);
    ASSERT_FALSE(guard.judge(kNow, wrong, kPeer).has_value());
    EXPECT_EQ(clock.last(), before);
    EXPECT_FALSE(clock.needs_ceiling(kNow));
}

#if DISTKV_MUTANTS
TEST(SkewGuardMutants, GuardOffLetsTheHourIn) {
    const base::PlantedBug bug("skew_guard_off");
    EXPECT_TRUE(SkewGuard().judge(kNow, Hlc::at(kNow + 1h), kPeer).has_value());
}
#endif

}  // namespace
}  // namespace distkv::time
