// The cells themselves, without the commands of a type: each writer writes or removes any element,
// adds to any amount, clears the key, sets the expiry. Whatever a type will make of them converges.
#include <gtest/gtest.h>

#include "crdt/regions_test.h"

namespace distkv::crdt::test {
namespace {

#if __has_feature(address_sanitizer)
constexpr std::uint64_t kSeeds = 15;
#else
constexpr std::uint64_t kSeeds = 200;
#endif

constexpr Tag kTags[] = {Tag::kFlag,      Tag::kCount,        Tag::kRegister,
                         Tag::kMember,    Tag::kStrictMember, Tag::kMapField,
                         Tag::kMapAmount, Tag::kScore,        Tag::kScoreAmount};

Effects one_effect(const KeyState& state, const Writer& writer, std::uint64_t dice, Tag tag) {
    const base::Bytes element = has_element(tag) ? std::string(1, "abc"[dice % 3]) : std::string();
    Effects effects;
    if (dice < 3) {
        return clear_key(state, writer);
    }
    if (dice < 6) {
        const auto kind = static_cast<ExpirySetting::Kind>(dice - 3);
        return {set_expiry(state, writer, kind, (writer.dot.hlc.micros() / 1000) + 5)};
    }
    if (is_amount(tag)) {
        if (dice < 40) {
            absorb_amounts(state, tag, element, writer, effects);
            return effects;
        }
        return {*add_amount(state, tag, element, writer, {.whole = static_cast<int>(dice)})};
    }
    if (dice < 50) {
        return {remove_value(state, tag, element, writer)};
    }
    return {set_value(state, tag, element, writer, std::to_string(dice))};
}

Command any_effect(base::Rng& rng) {
    const std::uint64_t dice = rng.below(100);
    const Tag tag = kTags[rng.below(std::size(kTags))];
    return {.run = [dice, tag](const KeyState& state, const Writer& writer) {
        return base::Result<Outcome<std::string>>(
            Outcome<std::string>{"", one_effect(state, writer, dice, tag)});
    }};
}

void run(Regions::Options options, int steps) {
    Regions regions(options);
    for (int i = 0; i < steps; ++i) {
        regions.step([](base::Rng& rng, std::size_t, time::Hlc) { return any_effect(rng); });
    }
    ASSERT_EQ(regions.differences(), "");
    if (!options.dies) {
        ASSERT_EQ(regions.difference_of_fresh(), "");
    }
}

TEST(CoreProperty, WithoutCollection) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        ASSERT_NO_FATAL_FAILURE(run({.seed = seed, .collects = false}, 300));
    }
}

TEST(CoreProperty, WithCollection) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        ASSERT_NO_FATAL_FAILURE(run({.seed = seed}, 1000));
    }
}

TEST(CoreProperty, RegionsDieAndComeBack) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        ASSERT_NO_FATAL_FAILURE(run({.seed = seed, .regions = 4, .dies = true}, 1000));
    }
}

}  // namespace
}  // namespace distkv::crdt::test
