#include "crdt/list.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/limits.h"
#include "crdt/command.h"
#include "crdt/elements.h"
#include "crdt/list_walk.h"
#include "crdt/position.h"

namespace distkv::crdt {

using base::Bytes;
using base::Errc;
using base::fail;
using base::Result;

using Popped = Outcome<std::optional<Bytes>>;
using Length = Outcome<std::uint64_t>;

namespace {

std::unexpected<base::Error> no_element(std::int64_t index) {
    return fail(Errc::kInvalid,
                "index out of range: the list has no element " + std::to_string(index));
}

Result<void> check_values(std::span<const Bytes> values) {
    TRY(check_count(values.size()));
    for (const Bytes& value : values) {
        TRY(check_value(value));
    }
    return {};
}

Result<std::optional<Position>> position_of(const Effect* cell) {
    if (cell == nullptr) {
        return std::nullopt;
    }
    return TRY(decode_position(cell->field.element));
}

const Position* address(const std::optional<Position>& position) {
    return position ? &*position : nullptr;
}

// Inserts a run between neighbours: from left to right, or from right to left.
class Inserter {
public:
    static Result<Inserter> at(const Neighbours& around, const KeyState& state,
                               const Writer& writer) {
        return Inserter(TRY(position_of(around.left)), TRY(position_of(around.right)), state,
                        writer);
    }

    Result<void> behind(const Bytes& value, Effects& effects) {
        left_ = TRY(insert(value, effects));
        return {};
    }
    Result<void> before(const Bytes& value, Effects& effects) {
        right_ = TRY(insert(value, effects));
        return {};
    }

private:
    Inserter(std::optional<Position> left, std::optional<Position> right, const KeyState& state,
             const Writer& writer)
        : left_(std::move(left)), right_(std::move(right)), state_(state), writer_(writer) {}

    Result<Position> insert(const Bytes& value, Effects& effects) {
        Position position = position_between(address(left_), address(right_), writer_.dot);
        const Bytes element = encode_position(position);
        if (element.size() > base::limits::kListPositionBytesMax) {
            return fail(Errc::kInvalid,
                        "too many insertions inside of one another at this place of the list: a "
                        "position would take " +
                            std::to_string(element.size()) + " bytes, and the limit is " +
                            std::to_string(base::limits::kListPositionBytesMax));
        }
        effects.push_back(set_value(state_, Tag::kListItem, element, writer_, value));
        return position;
    }

    std::optional<Position> left_;
    std::optional<Position> right_;
    const KeyState& state_;
    const Writer& writer_;
};

std::uint64_t length_of(const KeyState& state) {
    return state.summary.of(Type::kList);
}

Result<Length> insert_all(const KeyState& state, const Neighbours& around,
                          std::span<const Bytes> values, const Writer& writer) {
    Length outcome{.reply = length_of(state) + values.size()};
    Inserter inserter = TRY(Inserter::at(around, state, writer));
    for (const Bytes& value : values) {
        TRY(inserter.behind(value, outcome.effects));
    }
    return outcome;
}

Popped removal(const KeyState& state, const Effect* shown, const Writer& writer) {
    if (shown == nullptr) {
        return {};
    }
    return {.reply = shown->cell.value,
            .effects = {remove_value(state, Tag::kListItem, shown->field.element, writer)}};
}

// The range as numbers of elements from the front, cut to what there is; [0, 0) when empty.
std::pair<std::uint64_t, std::uint64_t> clip(ListRange range, std::uint64_t length) {
    const auto size = static_cast<std::int64_t>(length);
    const auto from_front = [&](std::int64_t index) {
        return index < 0 ? std::max(index, -size - 1) + size : std::min(index, size);
    };
    const std::int64_t first = std::max<std::int64_t>(from_front(range.first), 0);
    const std::int64_t end = std::min(from_front(range.last) + 1, size);
    if (first >= end) {
        return {0, 0};
    }
    return {static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(end)};
}

}  // namespace

Result<std::uint64_t> list_length(const KeyState& state, time::Hlc now) {
    return TRY(exists_as(state, Type::kList, now)) ? length_of(state) : 0;
}

Result<std::vector<Bytes>> list_range(const KeyState& state, ListRange range, time::Hlc now) {
    std::vector<Bytes> values;
    if (!TRY(exists_as(state, Type::kList, now))) {
        return values;
    }
    const std::uint64_t length = length_of(state);
    const auto [first, end] = clip(range, length);
    const bool forwards = range.first >= 0;
    ListWalk walk(state);
    const auto advance = [&] { return forwards ? walk.next() : walk.previous(); };
    for (std::uint64_t skip = forwards ? first : length - end; skip > 0; --skip) {
        advance();
    }
    for (std::uint64_t take = end - first; take > 0; --take) {
        const Effect* const shown = advance();
        if (shown == nullptr) {
            break;  // Not all of it was loaded.
        }
        values.push_back(shown->cell.value);
    }
    if (!forwards) {
        std::ranges::reverse(values);
    }
    return values;
}

Result<std::optional<Bytes>> list_at(const KeyState& state, std::int64_t index, time::Hlc now) {
    if (!TRY(exists_as(state, Type::kList, now))) {
        return std::nullopt;
    }
    const auto found = find_element(state, index);
    return found ? std::optional(found->element->cell.value) : std::nullopt;
}

Result<Length> list_push_back(const KeyState& state, std::span<const Bytes> values,
                              const Writer& writer) {
    TRY(check_values(values));
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) {
        return insert_all(visible, *before_last(visible, 0), values, writer);
    });
}

Result<Length> list_push_front(const KeyState& state, std::span<const Bytes> values,
                               const Writer& writer) {
    TRY(check_values(values));
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) -> Result<Length> {
        Length outcome{.reply = length_of(visible) + values.size()};
        Inserter inserter = TRY(Inserter::at(*behind_first(visible, 0), visible, writer));
        for (const Bytes& value : values) {
            TRY(inserter.before(value, outcome.effects));
        }
        return outcome;
    });
}

Result<Length> list_insert(const KeyState& state, ListPlace place, std::span<const Bytes> values,
                           const Writer& writer) {
    TRY(check_values(values));
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) -> Result<Length> {
        // After element i is before what follows it: of i, or of what is one nearer to the end.
        const std::uint64_t after = place.side == Side::kAfter ? 1 : 0;
        const bool forwards = place.index >= 0;
        const auto index = static_cast<std::uint64_t>(place.index);
        const auto around = forwards ? behind_first(visible, index + after)
                                     : before_last(visible, std::uint64_t{0} - index - after);
        // Behind the last of nothing there is a place, but no element that was named.
        const bool named = place.index != -1 || after == 0 || (around && around->left != nullptr);
        if (!around || !named) {
            return no_element(place.index);
        }
        return insert_all(visible, *around, values, writer);
    });
}

Result<Popped> list_pop_front(const KeyState& state, const Writer& writer) {
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) -> Result<Popped> {
        return removal(visible, ListWalk(visible).next(), writer);
    });
}

Result<Popped> list_pop_back(const KeyState& state, const Writer& writer) {
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) -> Result<Popped> {
        return removal(visible, ListWalk(visible).previous(), writer);
    });
}

Result<Popped> list_remove(const KeyState& state, std::int64_t index, const Writer& writer) {
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) -> Result<Popped> {
        const auto found = find_element(visible, index);
        return removal(visible, found ? found->element : nullptr, writer);
    });
}

Result<Outcome<Bytes>> list_set(const KeyState& state, std::int64_t index, Bytes value,
                                const Writer& writer) {
    using Set = Outcome<Bytes>;
    TRY(check_value(value));
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) -> Result<Set> {
        const auto found = find_element(visible, index);
        if (!found) {
            return no_element(index);
        }
        const Bytes& element = found->element->field.element;
        Set outcome{.reply = found->element->cell.value};
        const Position position = TRY(decode_position(element));
        if (position.steps.back().run.origin == writer.dot.origin) {
            outcome.effects.push_back(
                set_value(visible, Tag::kListItem, element, writer, std::move(value)));
            return outcome;
        }
        outcome.effects.push_back(remove_value(visible, Tag::kListItem, element, writer));
        Inserter inserter = TRY(Inserter::at(found->around, visible, writer));
        TRY(inserter.behind(value, outcome.effects));
        return outcome;
    });
}

Result<Length> list_trim(const KeyState& state, ListRange range, const Writer& writer) {
    return on_typed(state, writer, Type::kList, [&](const KeyState& visible) -> Result<Length> {
        const std::uint64_t length = length_of(visible);
        const auto [first, end] = clip(range, length);
        Length outcome;
        ListWalk walk(visible);
        const auto remove = [&](const Effect* shown) {
            if (shown != nullptr) {
                outcome.effects.push_back(
                    remove_value(visible, Tag::kListItem, shown->field.element, writer));
            }
        };
        for (std::uint64_t at = 0; at < first; ++at) {
            remove(walk.next());
        }
        for (std::uint64_t at = end; at < length; ++at) {
            remove(walk.previous());
        }
        outcome.reply = outcome.effects.size();
        return outcome;
    });
}

}  // namespace distkv::crdt
