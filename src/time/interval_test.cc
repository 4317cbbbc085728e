#include "time/interval.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::time {
namespace {

WallTime at(std::int64_t nanos) {
    return WallTime(Duration(nanos));
}
Interval span(std::int64_t earliest, std::int64_t latest) {
    return {at(earliest), at(latest)};
}

TEST(Interval, OrderIsDefiniteOrUnknown) {
    EXPECT_EQ(span(1, 2).before(span(3, 4)), Answer::kYes);
    EXPECT_EQ(span(3, 4).before(span(1, 2)), Answer::kNo);
    EXPECT_EQ(span(1, 3).before(span(2, 4)), Answer::kUnknown);
    EXPECT_EQ(span(2, 4).before(span(1, 3)), Answer::kUnknown);
    // Touching may be the same moment: the first may be before, the second cannot.
    EXPECT_EQ(span(1, 2).before(span(2, 3)), Answer::kUnknown);
    EXPECT_EQ(span(2, 3).before(span(1, 2)), Answer::kNo);
    EXPECT_EQ(span(5, 5).before(span(5, 5)), Answer::kNo);
    EXPECT_EQ(span(3, 4).after(span(1, 2)), Answer::kYes);
    EXPECT_EQ(span(3, 4).after(at(2)), Answer::kYes);
    EXPECT_EQ(span(3, 4).before(at(5)), Answer::kYes);
    EXPECT_TRUE(span(1, 2).overlaps(span(2, 3)));
    EXPECT_FALSE(span(1, 2).overlaps(span(3, 3)));
}

// A definite answer is true for every choice of true moments inside the intervals.
TEST(Interval, DefiniteAnswersAreTrue) {
    base::Rng rng(3);
    for (int i = 0; i < 20'000; ++i) {
        const std::int64_t a = rng.between(0, 20);
        const std::int64_t b = rng.between(0, 20);
        const Interval x = span(a, a + rng.between(0, 8));
        const Interval y = span(b, b + rng.between(0, 8));
        const WallTime true_x = at(rng.between(a, x.latest.time_since_epoch().count()));
        const WallTime true_y = at(rng.between(b, y.latest.time_since_epoch().count()));
        const Answer answer = x.before(y);
        ASSERT_FALSE(answer == Answer::kYes && true_x >= true_y);
        ASSERT_FALSE(answer == Answer::kNo && true_x < true_y);
        ASSERT_EQ(y.after(x), answer);
    }
}

TEST(Interval, CommitWaitEndsExactlyWhenTheStampIsOver) {
    const WallTime until = wait_until(at(1000), Duration(50));
    EXPECT_EQ(Interval::around(until, Duration(50)).after(at(1000)), Answer::kYes);
    EXPECT_NE(Interval::around(until - Duration(1), Duration(50)).after(at(1000)), Answer::kYes);
}

TEST(Interval, ExtremesSaturate) {
    const Interval all = Interval::around(WallTime::max(), Duration::max());
    EXPECT_EQ(all.latest, WallTime::max());
    EXPECT_EQ(Interval::around(WallTime::min(), 1h).earliest, WallTime::min());
    EXPECT_EQ(span(INT64_MIN, INT64_MAX).width(), Duration::max());
    EXPECT_EQ(wait_until(WallTime::max(), 1h), WallTime::max());
}

TEST(OverlapGauge, RemembersTheMost) {
    OverlapGauge gauge;
    gauge.begin();
    gauge.begin();
    gauge.end();
    gauge.begin();
    gauge.end();
    EXPECT_EQ(gauge.open(), 1U);
    EXPECT_EQ(gauge.most(), 2U);
    gauge.end();
    EXPECT_DEATH(gauge.end(), "never began");
}

}  // namespace
}  // namespace distkv::time
