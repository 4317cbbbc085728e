#include "crdt/bounded_counter.h"

#include <limits>

#include <gtest/gtest.h>

#include "crdt/escrow_row.h"
#include "crdt/replica_test.h"

namespace distkv::crdt {
namespace {

using base::Bytes;
using base::Errc;
using Answer = base::Result<Outcome<std::int64_t>>;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr Lease kAll{kMax, time::kHlcMax};

Answer increment(Replica& at, std::int64_t amount) {
    return at.run([&](const KeyState& state, const Writer& writer) {
        return bounded_increment(state, amount, writer);
    });
}
Answer decrement(Replica& at, std::int64_t amount, const Lease& lease = kAll) {
    return at.run([&](const KeyState& state, const Writer& writer) {
        return bounded_decrement(state, amount, lease, writer);
    });
}
Answer give(Replica& at, const Replica& to, std::int64_t amount, const Lease& lease = kAll) {
    return at.run([&](const KeyState& state, const Writer& writer) {
        return bounded_give(state, {to.origin, amount}, lease, writer);
    });
}
Answer reclaim(Replica& at, const DeadOrigin& dead) {
    return at.run([&](const KeyState& state, const Writer& writer) {
        return bounded_reclaim(state, dead, writer);
    });
}
std::int64_t value(const Replica& at) {
    return *bounded_value(at.state, at.now());
}
std::int64_t held(const Replica& at, const Replica& of) {
    return bounded_rights(at.state, of.origin, at.now())->held;
}

TEST(BoundedCounter, Commands) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    EXPECT_EQ(value(both[0]), 0);
    EXPECT_EQ(increment(both[0], 10)->reply, 10);
    EXPECT_EQ(decrement(both[0], 3)->reply, 7);
    EXPECT_EQ(decrement(both[0], 8).error().code, Errc::kRetry);
    EXPECT_EQ(give(both[0], both[1], 5)->reply, 2);
    sync(both);
    EXPECT_EQ(value(both[1]), 7);
    EXPECT_EQ(held(both[1], both[1]), 5);
    EXPECT_EQ(decrement(both[1], 5)->reply, 2);
    EXPECT_EQ(decrement(both[1], 1).error().code, Errc::kRetry);
    for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{-1}}) {
        EXPECT_EQ(increment(both[0], amount).error().code, Errc::kInvalid);
        EXPECT_EQ(decrement(both[0], amount).error().code, Errc::kInvalid);
        EXPECT_EQ(give(both[0], both[1], amount).error().code, Errc::kInvalid);
    }
    EXPECT_EQ(give(both[0], both[0], 1).error().code, Errc::kInvalid);
    EXPECT_EQ(increment(both[0], kMax).error().code, Errc::kInvalid);
}

TEST(BoundedCounter, OnlyTheSliceIsUsedAlone) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    increment(both[0], 10).value();
    const Lease slice{.leased_total = 4, .expires = time::kHlcMax};
    EXPECT_EQ(decrement(both[0], 3, slice)->reply, 7);
    const auto refused = decrement(both[0], 2, slice);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(),
              (base::Error{Errc::kInvalid,
                           "not enough in this region's slice of the counter: wanted 2, available "
                           "here 1 (leased 4, of which used 3; rights held 7), in all 7"}));
    EXPECT_EQ(give(both[0], both[1], 2, slice).error().code, Errc::kInvalid);
    EXPECT_EQ(give(both[0], both[1], 1, slice)->reply, 6);
    const Lease ended{.leased_total = 10, .expires = both[0].now()};
    const auto late = decrement(both[0], 1, ended);
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, Errc::kInvalid);
    EXPECT_NE(late.error().detail.find("ended"), Bytes::npos);
}

TEST(BoundedCounter, ADeadRegionKeepsItsSlice) {
    std::vector<Replica> all = {Replica(1), Replica(2), Replica(3)};
    increment(all[0], 10).value();
    sync(all);
    // Known: 10. The slice is 4, of which region 1 uses 3 unseen; 5 more come unseen.
    const Lease slice{.leased_total = 4, .expires = time::kHlcMax};
    decrement(all[0], 3, slice).value();
    increment(all[0], 5).value();
    EXPECT_EQ(reclaim(all[1], {all[0].origin, 4, {}})->reply, 6);
    EXPECT_EQ(reclaim(all[1], {all[0].origin, 4, {}})->reply, 0);
    EXPECT_EQ(decrement(all[1], 6)->reply, 4);
    // The next reclaimer waits for what the one before took.
    model::VersionVector earlier;
    earlier.raise(all[1].log.front().cell.dot);
    EXPECT_EQ(reclaim(all[2], {all[0].origin, 4, earlier}).error().code, Errc::kRetry);
    sync(all);
    EXPECT_EQ(reclaim(all[2], {all[0].origin, 4, earlier})->reply, 5);
    // It returns: one of its slice is left, and its own.
    sync(all);
    EXPECT_EQ(held(all[0], all[0]), 1);
    EXPECT_EQ(decrement(all[0], 1, slice)->reply, 5);
    EXPECT_EQ(decrement(all[2], 5)->reply, 1);
    sync(all);
    EXPECT_EQ(value(all[0]), 0);
    EXPECT_EQ(reclaim(all[0], {all[0].origin, 4, {}}).error().code, Errc::kInvalid);
}

TEST(BoundedCounter, WhoseGrantsAreUnknownShowsZero) {
    std::vector<Replica> all = {Replica(1), Replica(2), Replica(3)};
    increment(all[0], 10).value();
    give(all[0], all[1], 10).value();
    all[1].pull(all[0]);
    decrement(all[1], 10).value();
    all[2].pull(all[1]);
    EXPECT_EQ(value(all[2]), 0);
    all[2].pull(all[0]);
    EXPECT_EQ(value(all[2]), 0);
}

TEST(BoundedCounter, GoldenBytes) {
    const EscrowRow row{.granted = 300,
                        .spent = 7,
                        .given = {{{model::RegionId{2}, 1}, 5}},
                        .taken = {{{model::RegionId{3}, 4}, 6}}};
    const Bytes golden("\x01\xac\x02\x07\x01\x02\x01\x05\x01\x03\x04\x06", 12);
    EXPECT_EQ(encode_row(row), golden);
    EXPECT_EQ(*decode_row(golden), row);
    for (std::size_t size = 0; size < golden.size(); ++size) {
        EXPECT_FALSE(decode_row(golden.substr(0, size)).has_value());
    }
    EXPECT_FALSE(decode_row(Bytes("\x01\x00\x00\x01\x02\x01\x00\x00", 8)).has_value());
    EXPECT_FALSE(decode_row(Bytes("\x01\x00\x00\x02\x02\x01\x01\x02\x01\x01\x00", 11)).has_value());
    EXPECT_FALSE(
        decode_row(Bytes("\x01") + Bytes(9, '\xff') + Bytes("\x01\x00\x00\x00", 4)).has_value());
}

}  // namespace
}  // namespace distkv::crdt
