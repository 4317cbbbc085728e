#include "crdt/list_walk.h"

namespace distkv::crdt {

using Group = KeyState::Group;

namespace {

Group last_group(Group cells) {
    std::size_t size = 1;
    while (size < cells.size() &&
           cells[cells.size() - size - 1].field.element == cells.back().field.element) {
        ++size;
    }
    return cells.last(size);
}

// How far an index is from the end that it counts from: -1 is one from the back.
std::uint64_t distance(std::int64_t index) {
    return index >= 0 ? static_cast<std::uint64_t>(index)
                      : std::uint64_t{0} - static_cast<std::uint64_t>(index);
}

}  // namespace

const Effect* ListWalk::step(bool forwards) {
    while (!rest_.empty()) {
        const Group group = forwards ? first_group(rest_) : last_group(rest_);
        rest_ = forwards ? rest_.subspan(group.size()) : rest_.first(rest_.size() - group.size());
        if (const Effect* const shown = winner(group, header_)) {
            return shown;
        }
    }
    return nullptr;
}

std::optional<Neighbours> behind_first(const KeyState& state, std::uint64_t count) {
    ListWalk walk(state);
    Neighbours found;
    for (std::uint64_t i = 0; i < count; ++i) {
        found.left = walk.next();
        if (found.left == nullptr) {
            return std::nullopt;
        }
    }
    found.right = walk.next();
    return found;
}

std::optional<Neighbours> before_last(const KeyState& state, std::uint64_t count) {
    ListWalk walk(state);
    Neighbours found;
    for (std::uint64_t i = 0; i < count; ++i) {
        found.right = walk.previous();
        if (found.right == nullptr) {
            return std::nullopt;
        }
    }
    found.left = walk.previous();
    return found;
}

std::optional<Found> find_element(const KeyState& state, std::int64_t index) {
    const bool forwards = index >= 0;
    ListWalk walk(state);
    const auto advance = [&] { return forwards ? walk.next() : walk.previous(); };
    const std::uint64_t steps = distance(index) + (forwards ? 1 : 0);
    const Effect* before = nullptr;
    const Effect* element = nullptr;
    for (std::uint64_t i = 0; i < steps; ++i) {
        before = element;
        element = advance();
        if (element == nullptr) {
            return std::nullopt;
        }
    }
    const Effect* const beyond = advance();
    return Found{element, forwards ? Neighbours{before, beyond} : Neighbours{beyond, before}};
}

}  // namespace distkv::crdt
