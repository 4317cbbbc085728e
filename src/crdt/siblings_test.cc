#include "crdt/siblings.h"

#include <set>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/mutant.h"
#include "base/rng.h"
#include "crdt/replica_test.h"
#include "crdt/sibling_values.h"

namespace distkv::crdt {
namespace {

using base::Bytes;
using base::Errc;
using Values = std::vector<Bytes>;

Siblings read(const Replica& at) {
    return *read_siblings(at.state, "key", at.now());
}

base::Result<Outcome<std::uint64_t>> write(Replica& at, const Bytes& value,
                                           const std::optional<Bytes>& context = {}) {
    return at.run([&](const KeyState& state, const Writer& writer) {
        return write_sibling(state, {"key", value, context}, writer);
    });
}

base::Result<Outcome<bool>> delete_key(Replica& at) {
    return at.run([](const KeyState& state, const Writer& writer) {
        return base::Result<Outcome<bool>>{Outcome<bool>{true, clear_key(state, writer)}};
    });
}

TEST(Siblings, AContextReplacesWhatItCovers) {
    Replica one(1);
    EXPECT_EQ(read(one).values, Values{});
    EXPECT_EQ(write(one, "a", read(one).context)->reply, 1U);
    EXPECT_EQ(write(one, "b")->reply, 2U);
    const Bytes both = read(one).context;
    EXPECT_EQ(read(one).values, (Values{"a", "b"}));
    EXPECT_EQ(write(one, "c")->reply, 3U);
    EXPECT_EQ(write(one, "d", both)->reply, 2U);
    EXPECT_EQ(read(one).values, (Values{"c", "d"}));
    EXPECT_EQ(write(one, "e", read(one).context)->reply, 1U);
    EXPECT_EQ(read(one).values, Values{"e"});
    EXPECT_EQ(type_at(one.state, one.now()), Type::kSiblings);
    EXPECT_EQ(one.state.summary.of(Type::kSiblings), 1U);
}

TEST(Siblings, ConcurrentValuesAreAllKept) {
    std::vector<Replica> all = {Replica(1), Replica(2), Replica(3)};
    ASSERT_TRUE(write(all[0], "base").has_value());
    sync(all);
    for (Replica& at : all) {
        ASSERT_TRUE(
            write(at, "by" + std::to_string(at.origin.region.value), read(at).context).has_value());
    }
    sync(all);
    for (const Replica& at : all) {
        EXPECT_EQ(read(at).values, (Values{"by1", "by2", "by3"}));
        EXPECT_EQ(at.digest_bytes(), all[0].digest_bytes());
    }
    // What covers an older value of a cell leaves the newer one.
    const Bytes old = read(all[1]).context;
    ASSERT_TRUE(write(all[0], "more").has_value());
    ASSERT_TRUE(write(all[1], "resolved", old).has_value());
    sync(all);
    for (const Replica& at : all) {
        EXPECT_EQ(read(at).values, (Values{"more", "resolved"}));
    }
}

TEST(Siblings, BadContextsAreRefused) {
    Replica one(1);
    ASSERT_TRUE(write(one, "a").has_value());
    const Bytes good = read(one).context;
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes damaged = good;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_EQ(write(one, "b", damaged).error().code, Errc::kInvalid) << at;
        EXPECT_EQ(write(one, "b", good.substr(0, at)).error().code, Errc::kInvalid) << at;
    }
    EXPECT_FALSE(decode_context(good, "another key").has_value());
    EXPECT_TRUE(decode_context(good, "key").has_value());
    // From a replica that has seen more.
    Replica two(2);
    two.pull(one);
    ASSERT_TRUE(write(two, "c").has_value());
    const auto early = write(one, "d", read(two).context);
    ASSERT_FALSE(early.has_value());
    EXPECT_EQ(early.error().code, Errc::kRetry);
    one.pull(two);
    EXPECT_TRUE(write(one, "d", read(two).context).has_value());
    EXPECT_EQ(read(one).values, Values{"d"});
}

TEST(Siblings, TheHundredAndFirstIsRefused) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    for (std::size_t i = 0; i < base::limits::kSiblingsMax; ++i) {
        ASSERT_TRUE(write(both[i % 2], std::to_string(i)).has_value());
    }
    sync(both);
    const auto refused = write(both[0], "more");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::kInvalid);
    EXPECT_NE(refused.error().detail.find("100"), Bytes::npos);
    EXPECT_EQ(write(both[0], "one", read(both[0]).context)->reply, 1U);
}

TEST(Siblings, DeletionClearsWhatWasSeen) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    ASSERT_TRUE(write(both[0], "a").has_value());
    sync(both);
    ASSERT_TRUE(delete_key(both[1]).has_value());
    ASSERT_TRUE(write(both[0], "b").has_value());
    sync(both);
    for (const Replica& at : both) {
        EXPECT_EQ(read(at).values, Values{"b"});
    }
    ASSERT_TRUE(delete_key(both[0]).has_value());
    sync(both);
    EXPECT_EQ(type_at(both[1].state, both[1].now()), Type::kNone);
    ASSERT_TRUE(write(both[1], "c").has_value());
    EXPECT_EQ(read(both[1]).values, Values{"c"});
}

// Region 1's cell lives, and holds a value that a deletion saw and another one that it did not.
TEST(Siblings, CollectionKeepsWhatHidesAValueInALivingCell) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    ASSERT_TRUE(write(both[0], "seen").has_value());
    sync(both);
    ASSERT_TRUE(delete_key(both[1]).has_value());
    ASSERT_TRUE(write(both[0], "unseen").has_value());
    sync(both);
    EXPECT_EQ(read(both[1]).values, Values{"unseen"});
    EXPECT_EQ(header_garbage(both[1].state, both[1].seen), std::vector<Field>{});
    // Its next write drops it.
    ASSERT_TRUE(write(both[0], "next").has_value());
    sync(both);
    EXPECT_EQ(header_garbage(both[1].state, both[1].seen).size(), 1U);
    EXPECT_EQ(read(both[1]).values, (Values{"unseen", "next"}));
}

// Region 2's cell is deleted by region 3, which never saw what it had replaced of region 1.
std::vector<Replica> with_hidden_value() {
    std::vector<Replica> all = {Replica(1), Replica(2), Replica(3)};
    EXPECT_TRUE(write(all[0], "replaced").has_value());
    all[1].pull(all[0]);
    EXPECT_TRUE(write(all[1], "deleted", read(all[1]).context).has_value());
    all[2].pull(all[1]);
    EXPECT_TRUE(delete_key(all[2]).has_value());
    EXPECT_TRUE(write(all[0], "unseen").has_value());
    sync(all);
    return all;
}

std::size_t collectable(const Replica& at) {
    return garbage(at.state.group(Tag::kSiblings), header_of(at.state), at.seen).size();
}

TEST(Siblings, CollectionKeepsADeadCellThatHidesAValue) {
    std::vector<Replica> all = with_hidden_value();
    EXPECT_EQ(read(all[2]).values, Values{"unseen"});
    EXPECT_EQ(collectable(all[2]), 0U);
    ASSERT_TRUE(write(all[0], "next").has_value());
    sync(all);
    EXPECT_EQ(collectable(all[2]), 1U);
}

#if DISTKV_MUTANTS
TEST(Siblings, PlantedCollectionIsCaught) {
    const base::PlantedBug planted("crdt_forgets_hidden_siblings");
    EXPECT_NE(collectable(with_hidden_value()[2]), 0U);
}
#endif

TEST(Siblings, GoldenBytes) {
    const model::Origin origin{model::RegionId{1}, 1};
    const Bytes golden(
        "\x01\x02\x05\x00\x00\x00\x00\x00\x00\x00\x01x\x09\x00\x00\x00\x00\x00\x00\x00\x02yz", 23);
    EXPECT_EQ(encode_siblings({{{{5}, origin}, "x"}, {{{9}, origin}, "yz"}}), golden);
    EXPECT_EQ(decode_siblings({.dot = {{9}, origin}, .value = golden})->size(), 2U);
    EXPECT_FALSE(decode_siblings({.dot = {{10}, origin}, .value = golden}).has_value());
    model::VersionVector vector;
    vector.raise({{5}, origin});
    EXPECT_EQ(encode_context(vector, "key").substr(0, 12),
              Bytes("\x01\x01\x01\x01\x05\x00\x00\x00\x00\x00\x00\x00", 12));
}

// The model: each value has a name, each context is the set of the names that were read.
struct Model {
    std::map<Bytes, std::set<Bytes>> replaced;  // By each value.

    // What is known of where those were seen: they, and what they replaced.
    [[nodiscard]] std::set<Bytes> heard_of(const std::set<Bytes>& seen) const {
        std::set<Bytes> values = seen;
        for (const Bytes& value : seen) {
            values.insert(replaced.at(value).begin(), replaced.at(value).end());
        }
        return values;
    }

    // What is left of the values that a region has seen.
    [[nodiscard]] std::set<Bytes> left(const std::set<Bytes>& seen) const {
        std::set<Bytes> values = seen;
        for (const Bytes& value : seen) {
            for (const Bytes& gone : replaced.at(value)) {
                values.erase(gone);
            }
        }
        return values;
    }
};

// In every region, whatever has arrived: read values are those that nothing that arrived replaced.
TEST(Siblings, RandomHistoriesAreTheModel) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        base::Rng rng(seed);
        std::vector<Replica> all = {Replica(1), Replica(2), Replica(3), Replica(3, 2)};
        std::vector<std::set<Bytes>> seen(all.size());
        std::vector<std::size_t> taken(all.size() * all.size());
        std::vector<std::vector<Bytes>> wrote(all.size());
        struct Read {
            Bytes context;
            std::set<Bytes> covered;
        };
        std::vector<Read> reads;
        Model model;
        for (int i = 0; i < 80; ++i) {
            const std::size_t who = rng.below(all.size());
            const std::size_t from = rng.below(all.size());
            Replica& at = all[who];
            if (rng.below(3) == 0) {
                const Siblings found = read(at);
                reads.push_back({found.context, model.heard_of(seen[who])});
            } else if (rng.below(2) == 0 && who != from) {
                at.pull(all[from]);
                std::size_t& next = taken[who * all.size() + from];
                for (; next < wrote[from].size(); ++next) {
                    seen[who].insert(wrote[from][next]);
                }
            } else {
                const Bytes value = std::to_string(i);
                const Read* const use =
                    rng.below(3) == 0 || reads.empty() ? nullptr : &reads[rng.below(reads.size())];
                const bool arrived = use == nullptr ||
                                     std::ranges::includes(model.heard_of(seen[who]), use->covered);
                const auto done =
                    use == nullptr ? write(at, value) : write(at, value, use->context);
                if (!done.has_value()) {
                    ASSERT_EQ(done.error().code, Errc::kRetry);
                    ASSERT_FALSE(arrived);
                    continue;
                }
                const std::set<Bytes> alive = model.left(seen[who]);
                model.replaced[value] = use == nullptr ? std::set<Bytes>{} : use->covered;
                for (const Bytes& own : wrote[who]) {  // Its cell forgets what is dead.
                    if (!alive.contains(own)) {
                        model.replaced[value].insert(own);
                    }
                }
                seen[who].insert(value);
                wrote[who].push_back(value);
            }
            const Siblings found = read(at);
            const std::set<Bytes> values(found.values.begin(), found.values.end());
            ASSERT_EQ(values, model.left(seen[who])) << "seed " << seed << ", step " << i;
        }
        sync(all);
        for (const Replica& at : all) {
            ASSERT_EQ(at.digest_bytes(), all[0].digest_bytes());
            ASSERT_EQ(read(at).values, read(all[0]).values);
            ASSERT_EQ(at.state.summary.of(Type::kSiblings), read(at).values.empty() ? 0U : 1U);
        }
    }
}

}  // namespace
}  // namespace distkv::crdt
