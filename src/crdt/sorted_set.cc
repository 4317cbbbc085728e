#include "crdt/sorted_set.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "base/codec.h"
#include "crdt/command.h"
#include "crdt/counted.h"
#include "crdt/elements.h"

namespace distkv::crdt {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;
using Counted = Outcome<std::uint64_t>;

namespace {

constexpr Tag kTag = Tag::kScore;

// 8 bytes, IEEE 754. Zero has one encoding.
Bytes encode_score(double score) {
    base::Encoder out;
    out.fixed(std::bit_cast<std::uint64_t>(score + 0.0));
    return std::move(out).take();
}

// Other members of a cluster may write what we do not: such a score counts as zero.
double decode_score(ByteView bytes) {
    base::Decoder in(bytes);
    const auto word = in.fixed<std::uint64_t>();
    const double score = word ? std::bit_cast<double>(*word) : 0;
    return std::isnan(score) ? 0 : score;
}

std::optional<double> score_in(const KeyState& state, ByteView member, const Header& header) {
    const Effect* const set = winner(state.group(kTag, member), header);
    const Sum added = sum_of(state.group(Tag::kScoreAmount, member), header);
    if (set == nullptr && !added.any) {
        return std::nullopt;
    }
    const double score = (set == nullptr ? 0 : decode_score(set->cell.value)) + added.amount.real;
    return std::isnan(score) ? 0 : score;  // Redis: infinities that cancel out are zero.
}

std::vector<ScoredMember> ranked(const KeyState& state) {
    const Header header = header_of(state);
    std::vector<ScoredMember> members;
    for (Bytes& member : visible_elements(state, kTag)) {
        const double score = *score_in(state, member, header);
        members.push_back({std::move(member), score});
    }
    std::ranges::sort(members, [](const ScoredMember& a, const ScoredMember& b) {
        return std::tie(a.score, a.member) < std::tie(b.score, b.member);
    });
    return members;
}

}  // namespace

Result<Counted> sorted_set_add(const KeyState& state, std::span<const ScoredMember> members,
                               const Writer& writer) {
    TRY(check_count(members.size()));
    std::map<ByteView, double> latest;
    for (const auto& [member, score] : members) {
        TRY(check_element(member));
        if (std::isnan(score)) {
            return fail(Errc::kInvalid, "a score that is not a number (NaN)");
        }
        latest[member] = score;
    }
    return on_typed(
        state, writer, Type::kSortedSet, [&](const KeyState& visible) -> Result<Counted> {
            const Header header = header_of(visible);
            Counted outcome;
            for (const auto& [member, score] : latest) {
                outcome.reply += shows(visible, kTag, member, header) ? 0 : 1;
                set_counted(visible, kTag, member, writer, encode_score(score), outcome.effects);
            }
            return outcome;
        });
}

Result<Outcome<double>> sorted_set_increment(const KeyState& state, ByteView member, double by,
                                             const Writer& writer) {
    TRY(check_element(member));
    if (!std::isfinite(by)) {
        return fail(Errc::kInvalid, "an increment of a score that is not finite");
    }
    return on_typed(
        state, writer, Type::kSortedSet, [&](const KeyState& visible) -> Result<Outcome<double>> {
            Outcome<double> outcome;
            Effect added =
                TRY(add_amount(visible, Tag::kScoreAmount, member, writer, {.real = by}));
            outcome.reply = score_in(visible, member, header_of(visible)).value_or(0) + by;
            if (!std::isfinite(added.cell.amount.real)) {
                return fail(Errc::kInvalid, "increment or decrement would overflow");
            }
            outcome.effects.push_back(std::move(added));
            return outcome;
        });
}

Result<Counted> sorted_set_remove(const KeyState& state, std::span<const Bytes> members,
                                  const Writer& writer) {
    TRY(check_elements(members));
    Counted outcome;
    if (TRY(exists_as(state, Type::kSortedSet, writer.dot.hlc))) {
        for (const ByteView member : each_once(members)) {
            outcome.reply += remove_counted(state, kTag, member, writer, outcome.effects) ? 1 : 0;
        }
    }
    return outcome;
}

Result<std::optional<double>> sorted_set_score(const KeyState& state, ByteView member,
                                               time::Hlc now) {
    if (!TRY(exists_as(state, Type::kSortedSet, now))) {
        return std::optional<double>();
    }
    return score_in(state, member, header_of(state));
}

Result<std::uint64_t> sorted_set_size(const KeyState& state, time::Hlc now) {
    return TRY(exists_as(state, Type::kSortedSet, now)) ? state.summary.of(Type::kSortedSet) : 0;
}

Result<std::vector<ScoredMember>> sorted_set_by_score(const KeyState& state, ScoreRange range,
                                                      time::Hlc now) {
    if (!TRY(exists_as(state, Type::kSortedSet, now))) {
        return std::vector<ScoredMember>();
    }
    std::vector<ScoredMember> members = ranked(state);
    std::erase_if(members, [&](const ScoredMember& member) {
        return member.score < range.low || member.score > range.high;
    });
    return members;
}

Result<std::vector<ScoredMember>> sorted_set_by_rank(const KeyState& state, RankRange range,
                                                     time::Hlc now) {
    if (!TRY(exists_as(state, Type::kSortedSet, now))) {
        return std::vector<ScoredMember>();
    }
    const std::vector<ScoredMember> members = ranked(state);
    const auto size = static_cast<std::int64_t>(members.size());
    const auto from_start = [&](std::int64_t rank) { return rank < 0 ? rank + size : rank; };
    const std::int64_t first = std::max<std::int64_t>(from_start(range.first), 0);
    const std::int64_t last = std::min(from_start(range.last), size - 1);
    if (first > last) {
        return std::vector<ScoredMember>();
    }
    return std::vector<ScoredMember>(members.begin() + first, members.begin() + last + 1);
}

}  // namespace distkv::crdt
