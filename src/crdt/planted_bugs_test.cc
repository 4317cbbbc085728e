// Random histories catch what was planted: each test finds a seed on which the regions differ.
#include <gtest/gtest.h>

#include "base/mutant.h"
#include "crdt/subjects_test.h"

namespace distkv::crdt::test {
namespace {

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
    EXPECT_EQ(caught_by("crdt_last_arrival_wins"), 0U);
}

TEST(PlantedBug, ARemovalIsDroppedEarly) {
    EXPECT_EQ(caught_by("crdt_drops_removal_early"), 0U);
}

// All regions agree with each other about an echo: what it breaks is the sum.
TEST(PlantedBug, AmountsAreEchoed) {
    const base::PlantedBug planted("crdt_echoes_amounts");
    std::uint64_t wrong = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        auto subjects = all_subjects();
        Regions regions({.seed = seed, .skew_micros = 1});
        base::Rng rng(seed);
        for (int i = 0; i < 30; ++i) {
            const std::size_t region = rng.below(3);
            const Command command = subjects[0]->next(rng, regions.now(region));
            command.model(regions.now(region));
            static_cast<void>(regions.write(region, 0, command));
            regions.deliver_all();
        }
        const time::Hlc now = regions.now(0);
        wrong += subjects[0]->read(regions.state(0), now) != subjects[0]->read_model(now) ? 1 : 0;
    }
    EXPECT_GT(wrong, 10U);
}

#else

TEST(PlantedBug, IsNotThere) {
    static_assert(!MUTANT(crdt_last_arrival_wins));
}

#endif

}  // namespace
}  // namespace distkv::crdt::test
