// Random histories of all types: with one region, or when every command arrives before the next,
// they do what the plain model does; in any other order all regions come to the same.
#include <gtest/gtest.h>

#include "crdt/bounded_counter.h"
#include "crdt/hyperloglog.h"
#include "crdt/list.h"
#include "crdt/siblings.h"
#include "crdt/subjects_test.h"

namespace distkv::crdt::test {
namespace {

// Sanitizers cost about ten times as much.
#if __has_feature(address_sanitizer)
constexpr std::uint64_t kSeeds = 20;
#else
constexpr std::uint64_t kSeeds = 250;
#endif

std::string short_error(const std::string& reply) {
    return reply.starts_with("error") ? "error" : reply;
}

// Commands in one region after the other, each seen by all before the next.
void run_in_turn(std::uint64_t seed, std::size_t type, std::size_t region_count, int commands) {
    auto subjects = all_subjects();
    Subject& subject = *subjects[type];
    Regions regions({.seed = seed, .regions = region_count, .skew_micros = 1});
    base::Rng rng(seed);
    for (int i = 0; i < commands; ++i) {
        regions.pass(rng.below(3000));
        const std::size_t region = rng.below(region_count);
        const Command command = subject.next(rng, regions.now(region));
        const time::Hlc now = regions.now(region);
        const std::string reply = short_error(regions.write(region, 0, command));
        ASSERT_EQ(reply, command.model(now))
            << "type " << type << ", seed " << seed << ", command " << i;
        regions.deliver_all();
        const std::size_t reader = rng.below(region_count);
        if (rng.below(4) == 0) {
            regions.collect(reader);
        }
        const time::Hlc later = regions.now(reader);
        ASSERT_EQ(subject.read(regions.state(reader), later), subject.read_model(later))
            << "type " << type << ", seed " << seed << ", command " << i << "\n"
            << to_text(regions.state(reader));
    }
    ASSERT_EQ(regions.dropped().size(), 0U) << "everything was replaced knowingly";
    ASSERT_EQ(regions.differences(), "");
}

TEST(ValuesProperty, OneRegionIsThePlainModel) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        ASSERT_NO_FATAL_FAILURE(run_in_turn(seed, seed % all_subjects().size(), 1, 250));
    }
}

TEST(ValuesProperty, RegionsInTurnAreThePlainModel) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        ASSERT_NO_FATAL_FAILURE(run_in_turn(seed, seed % all_subjects().size(), 3, 250));
    }
}

template <class Reply>
base::Result<Outcome<std::string>> without_reply(base::Result<Outcome<Reply>> outcome) {
    return Outcome<std::string>{"", TRY(std::move(outcome)).effects};
}

// Of the types that have property tests of their own: here they only meet the others.
Command next_of_others(base::Rng& rng) {
    const std::uint64_t dice = rng.below(6);
    const base::Bytes text(1, "abcdef"[rng.below(6)]);
    return {.run = [=](const KeyState& state,
                       const Writer& writer) -> base::Result<Outcome<std::string>> {
        switch (dice) {
            case 0:
                return without_reply(write_sibling(
                    state, {.key = "key", .value = text, .context = std::nullopt}, writer));
            case 1:
                return without_reply(list_push_back(state, {&text, 1}, writer));
            case 2:
                return without_reply(list_pop_front(state, writer));
            case 3:
                return without_reply(sketch_add(state, {&text, 1}, writer));
            case 4:
                return without_reply(bounded_increment(state, text[0], writer));
            default:
                return without_reply(
                    bounded_decrement(state, 1, {INT64_MAX, time::kHlcMax}, writer));
        }
    }};
}

// All types on a few keys, so that they conflict.
std::uint64_t run_at_random(Regions::Options options, int steps) {
    const auto subjects = all_subjects();
    Regions regions(options);
    for (int i = 0; i < steps; ++i) {
        regions.step([&](base::Rng& rng, std::size_t key, time::Hlc now) {
            // Most of the commands on a key are of one type.
            const std::size_t type = rng.below(10) < 8 ? key : rng.below(subjects.size() + 1);
            return type == subjects.size() ? next_of_others(rng) : subjects[type]->next(rng, now);
        });
    }
    EXPECT_EQ(regions.differences(), "");
    if (!options.dies) {
        EXPECT_EQ(regions.difference_of_fresh(), "");
    }
    return regions.writes();
}

void run_seeds(Regions::Options options) {
    std::uint64_t writes = 0;
    for (std::uint64_t seed = 0; seed < kSeeds && !testing::Test::HasFailure(); ++seed) {
        options.seed = seed;
        options.regions = 3 + seed % 2;
        writes += run_at_random(options, 2500);
    }
    testing::Test::RecordProperty("writes", std::to_string(writes));
}

TEST(ValuesProperty, AnyOrderComesToTheSame) {
    run_seeds({.keys = 7, .collects = false});
}

TEST(ValuesProperty, CollectionChangesNothing) {
    run_seeds({.keys = 7});
}

TEST(ValuesProperty, RegionsDieAndComeBack) {
    run_seeds({.keys = 7, .dies = true});
}

}  // namespace
}  // namespace distkv::crdt::test
