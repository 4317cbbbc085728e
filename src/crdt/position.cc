#include "crdt/position.h"

#include <limits>
#include <optional>

#include "base/check.h"
#include "base/codec.h"

namespace distkv::crdt {

using base::Errc;
using base::fail;
using base::Result;

namespace {

constexpr std::int64_t kShortMin = -64;
constexpr std::int64_t kShortMax = 63;
constexpr std::uint8_t kZero = 0x80;
constexpr std::uint8_t kAboveShort = kZero + kShortMax;  // Plus the count of bytes that follow.
constexpr std::uint8_t kBelowShort = kZero + kShortMin;  // Minus that count.
constexpr std::uint8_t kNumberBytesMax = 8;

// A depth that the longest key could hold; more is not ours.
constexpr std::size_t kStepsMax = 65536 / 13;

void put_bytes(base::Bytes& out, std::uint64_t value, unsigned count) {
    while (count-- > 0) {
        out.push_back(static_cast<char>(value >> (8 * count)));
    }
}

unsigned bytes_of(std::uint64_t value) {
    unsigned count = 1;
    while (count < kNumberBytesMax && (value >> (8 * count)) != 0) {
        ++count;
    }
    return count;
}

void put_number(base::Bytes& out, std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    if (number >= kShortMin && number <= kShortMax) {
        out.push_back(static_cast<char>(kZero + number));
    } else if (number > 0) {
        const unsigned count = bytes_of(bits);
        out.push_back(static_cast<char>(kAboveShort + count));
        put_bytes(out, bits, count);
    } else {
        const unsigned count = bytes_of(~bits);
        out.push_back(static_cast<char>(kBelowShort - count));
        put_bytes(out, bits, count);
    }
}

Result<std::uint64_t> take_bytes(base::Decoder& in, unsigned count) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) {
        value = value << 8 | TRY(in.fixed<std::uint8_t>());
    }
    return value;
}

Result<std::int64_t> take_number(base::Decoder& in) {
    const std::uint8_t first = TRY(in.fixed<std::uint8_t>());
    if (first >= kBelowShort && first <= kAboveShort) {
        return static_cast<std::int64_t>(first) - kZero;
    }
    const bool positive = first > kAboveShort;
    const unsigned count = positive ? first - kAboveShort : kBelowShort - first;
    if (count > kNumberBytesMax) {
        return fail(Errc::kCorrupt,
                    "a position with a number of " + std::to_string(count) + " bytes");
    }
    std::uint64_t bits = TRY(take_bytes(in, count));
    if (!positive && count < kNumberBytesMax) {
        bits |= ~std::uint64_t{0} << (8 * count);
    }
    const auto number = static_cast<std::int64_t>(bits);
    const bool shortest = bytes_of(positive ? bits : ~bits) == count;
    if (!shortest || (positive ? number <= kShortMax : number >= kShortMin)) {
        return fail(Errc::kCorrupt, "a position with a number that is not in its shortest form");
    }
    return number;
}

Result<Step> take_step(base::Decoder& in, Gap gap) {
    Step step{.gap = gap, .rank = TRY(take_number(in))};
    step.run.hlc.word = TRY(take_bytes(in, 8));
    const std::int64_t region = TRY(take_number(in));
    const std::int64_t incarnation = TRY(take_number(in));
    if (region < 0 || region > std::int64_t{model::kRegionIdMax} || incarnation < 0 ||
        incarnation > std::int64_t{model::kIncarnationMax}) {
        return fail(Errc::kCorrupt, "a position with an origin that cannot be");
    }
    step.run.origin = {model::RegionId{static_cast<std::uint64_t>(region)},
                       static_cast<std::uint64_t>(incarnation)};
    step.index = TRY(take_number(in));
    return step;
}

}  // namespace

base::Bytes encode_position(const Position& position) {
    CHECK(!position.steps.empty());
    base::Bytes out;
    for (const Step& step : position.steps) {
        if (!out.empty()) {
            out.push_back(static_cast<char>(step.gap));
        }
        put_number(out, step.rank);
        put_bytes(out, step.run.hlc.word, 8);
        put_number(out, static_cast<std::int64_t>(step.run.origin.region.value));
        put_number(out, static_cast<std::int64_t>(step.run.origin.incarnation));
        put_number(out, step.index);
    }
    out.push_back(static_cast<char>(Gap::kTop));
    return out;
}

Result<Position> decode_position(base::ByteView bytes) {
    base::Decoder in(bytes);
    Position position;
    Gap gap = Gap::kTop;
    do {
        if (position.steps.size() == kStepsMax) {
            return fail(Errc::kCorrupt, "a position that is too deep");
        }
        position.steps.push_back(TRY(take_step(in, gap)));
        const std::uint8_t next = TRY(in.fixed<std::uint8_t>());
        if (next < static_cast<std::uint8_t>(Gap::kLeft) ||
            next > static_cast<std::uint8_t>(Gap::kRight)) {
            return fail(Errc::kCorrupt, "a position with an unknown gap: " + std::to_string(next));
        }
        gap = static_cast<Gap>(next);
    } while (gap != Gap::kTop);
    TRY(in.finish());
    return position;
}

namespace {

using Limits = std::numeric_limits<std::int64_t>;

// The step of `position` where the path of `of` names its element; null when the path leads
// elsewhere before.
const Step* beside(const Position& position, const Position& of) {
    const std::size_t depth = of.steps.size() - 1;
    if (position.steps.size() <= depth) {
        return nullptr;
    }
    for (std::size_t i = 0; i < depth; ++i) {
        if (position.steps[i] != of.steps[i]) {
            return nullptr;
        }
    }
    const Step& own = of.steps[depth];
    const Step& other = position.steps[depth];
    return own.gap == other.gap && own.rank == other.rank && own.run == other.run ? &other
                                                                                  : nullptr;
}

// In one gap of the element `of`, or behind it (direction 1), before it (-1) on its outward side of
// the run.
bool hangs_on(const Position& position, const Position& of, int direction) {
    const Step* const step = beside(position, of);
    if (step == nullptr) {
        return false;
    }
    const Step& own = of.steps.back();
    if (step->index == own.index) {
        const std::size_t next = of.steps.size();
        return position.steps.size() > next &&
               position.steps[next].gap == (direction > 0 ? Gap::kRight : Gap::kLeft);
    }
    return direction > 0 ? own.index >= 0 && step->index > own.index
                         : own.index <= 0 && step->index < own.index;
}

std::optional<Position> continued(const Position& position, int direction,
                                  const model::Origin& writer) {
    const Step& last = position.steps.back();
    const bool outwards = direction > 0 ? last.index >= 0 && last.index < Limits::max()
                                        : last.index <= 0 && last.index > Limits::min();
    if (last.run.origin != writer || !outwards) {
        return std::nullopt;
    }
    Position next = position;
    next.steps.back().index += direction;
    return next;
}

Position in_gap(const Position& of, Gap gap, const model::Dot& writer) {
    Position inner = of;
    inner.steps.push_back({.gap = gap, .run = writer});
    return inner;
}

Position at_top(std::int64_t rank, const model::Dot& writer) {
    return {{{.rank = rank, .run = writer}}};
}

}  // namespace

Position position_between(const Position* left, const Position* right, const model::Dot& writer) {
    if (left == nullptr && right == nullptr) {
        return at_top(0, writer);
    }
    const bool right_hangs = left != nullptr && right != nullptr && hangs_on(*right, *left, 1);
    if (left != nullptr && !right_hangs) {
        if (auto next = continued(*left, 1, writer.origin)) {
            return *std::move(next);
        }
    }
    const bool left_hangs = left != nullptr && right != nullptr && hangs_on(*left, *right, -1);
    if (right != nullptr && !left_hangs) {
        if (auto next = continued(*right, -1, writer.origin)) {
            return *std::move(next);
        }
    }
    if (right == nullptr && left->steps.front().rank < Limits::max()) {
        return at_top(left->steps.front().rank + 1, writer);
    }
    if (left == nullptr && right->steps.front().rank > Limits::min()) {
        return at_top(right->steps.front().rank - 1, writer);
    }
    if (left == nullptr || right_hangs) {
        return in_gap(*right, Gap::kLeft, writer);
    }
    return in_gap(*left, Gap::kRight, writer);
}

}  // namespace distkv::crdt
