#include "storage/memory_tier.h"

#include <gtest/gtest.h>

#include "crdt/writer.h"
#include "storage/version_key.h"

namespace distkv::storage {
namespace {

using crdt::KeyState;
using crdt::Tag;
using model::KeyName;

constexpr model::Origin kVirginia{{1}, 0};

KeyName name(int number) {
    return {{1}, {2}, "key" + std::to_string(number)};
}

class Writing {
public:
    explicit Writing(MemoryTier& tier) : tier_(tier) {}

    void set(const KeyName& key, KeyState& state, Tag tag, const std::string& element,
             std::string value) {
        const crdt::Writer writer{{{++clock_}, kVirginia}, seen_};
        std::vector<crdt::Dropped> dropped;
        tier_.apply(merge_into(
            state, key, {crdt::set_value(state, tag, element, writer, std::move(value))}, dropped));
    }

private:
    MemoryTier& tier_;
    model::VersionVector seen_;
    std::uint64_t clock_ = 0;
};

TEST(MemoryTier, WritesUpdateWhatIsThereAndBringNothingIn) {
    MemoryTier tier(1 << 20);
    Writing writing(tier);
    KeyState state;
    writing.set(name(1), state, Tag::kRegister, "", "one");
    EXPECT_EQ(tier.find(name(1)), nullptr);
    tier.keep(name(1), {}, state);
    ASSERT_NE(tier.find(name(1)), nullptr);
    writing.set(name(1), state, Tag::kRegister, "", "two");
    EXPECT_EQ(tier.find(name(1))->group(Tag::kRegister).front().cell.value, "two");
    EXPECT_EQ(tier.counts().hits, 2U);
    EXPECT_EQ(tier.counts().misses, 1U);
}

TEST(MemoryTier, ElementsComeOneByOneAndGoWithTheirKey) {
    MemoryTier tier(1 << 20);
    Writing writing(tier);
    KeyState state;
    const Want want{.elements = {{Tag::kMapField, "f"}}};
    const Want other{.elements = {{Tag::kMapField, "g"}}};
    writing.set(name(1), state, Tag::kMapField, "f", "1");
    tier.keep(name(1), want, state);
    EXPECT_FALSE(tier.find(name(1), other).has_value());
    writing.set(name(1), state, Tag::kMapField, "g", "2");  // Not here: not brought in.
    EXPECT_FALSE(tier.find(name(1), other).has_value());
    writing.set(name(1), state, Tag::kMapField, "f", "3");
    const auto found = tier.find(name(1), want);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->group(Tag::kMapField, "f").front().cell.value, "3");
    EXPECT_EQ(found->summary, state.summary);  // Kept up to date by the write of g, too.
    tier.forget(key_prefix(name(1)));
    tier.keep(name(1), {}, state);
    EXPECT_FALSE(tier.find(name(1), want).has_value());  // Its element went with the old core.
}

TEST(MemoryTier, StaysInItsBudgetAndKeepsWhatIsAskedFor) {
    constexpr std::size_t kBudget = 200'000;
    MemoryTier tier(kBudget);
    Writing writing(tier);
    for (int i = 0; i < 2000; ++i) {
        KeyState state;
        writing.set(name(i), state, Tag::kRegister, "", std::string(100, 'x'));
        tier.keep(name(i), {}, state);
        ASSERT_LE(tier.counts().bytes, kBudget);
        EXPECT_NE(tier.find(name(0)), nullptr) << i;  // Asked for all the time.
    }
    EXPECT_GT(tier.counts().evicted, 1000U);
    EXPECT_GT(tier.counts().parts, 100U);
    KeyState large;
    writing.set(name(5000), large, Tag::kRegister, "", std::string(kBudget / 4, 'x'));
    tier.keep(name(5000), {}, large);
    EXPECT_EQ(tier.find(name(5000)), nullptr);
    tier.clear();
    EXPECT_EQ(tier.counts().bytes, 0U);
    EXPECT_EQ(tier.find(name(0)), nullptr);
}

}  // namespace
}  // namespace distkv::storage
