// Random histories catch what was planted: each test finds a seed on which the regions differ.
#include <gtest/gtest.h>

#include "base/mutant.h"
#include "crdt/counted.h"
#include "crdt/string.h"
#include "crdt/subjects_test.h"

namespace distkv::crdt::test {
namespace {

// By how much the counter that all regions agree upon is above the increments that they made.
std::int64_t excess_of_increments(std::uint64_t seed, int steps) {
    Regions regions({.seed = seed, .regions = 4, .dies = true});
    for (int i = 0; i < steps; ++i) {
        regions.step([](base::Rng&, std::size_t, time::Hlc) {
            return Command{.run = [](const KeyState& state, const Writer& writer) {
                auto outcome = string_increment(state, 1, writer);
                EXPECT_TRUE(outcome.has_value());
                return base::Result<Outcome<std::string>>(
                    Outcome<std::string>{"", std::move(outcome->effects)});
            }};
        });
    }
    EXPECT_EQ(regions.differences(), "");
    const auto text = string_get(regions.state(0), regions.now(0));
    return *parse_integer(**text) - static_cast<std::int64_t>(regions.writes());
}

TEST(PlantedBug, EveryIncrementCountsOnce) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        EXPECT_EQ(excess_of_increments(seed, 1000), 0) << "seed " << seed;
    }
}

#if DISTKV_MUTANTS

std::string differences_of(Regions::Options options) {
    const auto subjects = all_subjects();
    Regions regions(options);
    for (int i = 0; i < 1000; ++i) {
        regions.step([&](base::Rng& rng, std::size_t key, time::Hlc now) {
            return subjects[key]->next(rng, now);
        });
    }
    return regions.differences();
}

// The first seed that catches it, out of a hundred.
std::optional<std::uint64_t> caught_by(std::string_view bug) {
    const base::PlantedBug planted(bug);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        if (!differences_of({.seed = seed, .keys = 6}).empty()) {
            return seed;
        }
    }
    return std::nullopt;
}

TEST(PlantedBug, NoneIsOn) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        EXPECT_EQ(differences_of({.seed = seed, .keys = 6}), "");
    }
}

TEST(PlantedBug, TheLastArrivalWins) {
    EXPECT_EQ(caught_by("crdt_last_arrival_wins"), 1U);
}

TEST(PlantedBug, ARemovalIsDroppedEarly) {
    EXPECT_EQ(caught_by("crdt_drops_removal_early"), 0U);
}

// All regions agree with each other about an echo: what it breaks is the sum.
TEST(PlantedBug, AmountsAreEchoed) {
    EXPECT_EQ(excess_of_increments(0, 60), 0);
    const base::PlantedBug planted("crdt_echoes_amounts");
    EXPECT_GT(excess_of_increments(0, 60), 0);  // Few: echoes double with every exchange.
}

#else

TEST(PlantedBug, IsNotThere) {
    static_assert(!MUTANT(crdt_last_arrival_wins));
}

#endif

}  // namespace
}  // namespace distkv::crdt::test
