#include "crdt/liveness.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::crdt {

using Group = KeyState::Group;

bool is_covered(const Effect& cell, Group group, const Header& header) {
    // A strict removal goes on hiding concurrent members: to delete a key never makes one show.
    const bool outlives = cell.field.tag == Tag::kStrictMember && cell.cell.kind == Kind::kGone;
    if (!outlives && header.cleared.covers(cell.cell.dot)) {
        return true;
    }
    return group.size() > 1 && std::ranges::any_of(group, [&](const Effect& other) {
               return &other != &cell && other.cell.clears.covers(cell.cell.dot);
           });
}

bool lives(const Effect& cell, Group group, const Header& header) {
    return cell.cell.kind == Kind::kValue && !is_covered(cell, group, header);
}

const Effect* winner(Group group, const Header& header) {
    const Effect* best = nullptr;
    for (const Effect& cell : group) {
        if (lives(cell, group, header) && (best == nullptr || best->cell.dot < cell.cell.dot)) {
            best = &cell;
        }
    }
    return best;
}

std::optional<Amount> unabsorbed(const Effect& cell, Group amounts, const Header& header) {
    if (cell.cell.kind != Kind::kAmount || header.cleared.covers(cell.cell.dot)) {
        return std::nullopt;
    }
    Absorbed newest;
    for (const Effect& other : amounts) {
        const auto found = other.cell.absorbed.find(cell.field.owner);
        if (found != other.cell.absorbed.end() && newest.at < found->second.at) {
            newest = found->second;
        }
    }
    if (cell.cell.dot.hlc <= newest.at) {
        return std::nullopt;
    }
    if (newest.at < cell.cell.began) {
        return cell.cell.amount;  // What was absorbed was collected since.
    }
    // Owners refuse to let their own sum overflow, so the difference of two of its values may; as
    // unsigned words it wraps to the same bits in every build.
    const std::uint64_t whole = static_cast<std::uint64_t>(cell.cell.amount.whole) -
                                static_cast<std::uint64_t>(newest.amount.whole);
    return Amount{static_cast<std::int64_t>(whole), cell.cell.amount.real - newest.amount.real};
}

Sum sum_of(Group amounts, const Header& header, std::int64_t base) {
    Sum sum;
    __extension__ __int128 whole = base;
    for (const Effect& cell : amounts) {
        if (const auto left = unabsorbed(cell, amounts, header)) {
            sum.any = true;
            whole += left->whole;
            sum.amount.real += left->real;
        }
    }
    using Limits = std::numeric_limits<std::int64_t>;
    sum.amount.whole = whole > Limits::max()   ? Limits::max()
                       : whole < Limits::min() ? Limits::min()
                                               : static_cast<std::int64_t>(whole);
    return sum;
}

bool shows(Group group, const Header& header) {
    if (group.empty()) {
        return false;
    }
    if (is_amount(group.front().field.tag)) {
        return sum_of(group, header).any;
    }
    bool value = false;
    bool removed = false;
    for (const Effect& cell : group) {
        if (!is_covered(cell, group, header)) {
            value = value || cell.cell.kind == Kind::kValue;
            removed = removed || cell.cell.kind == Kind::kGone;
        }
    }
    return value && !(removed && group.front().field.tag == Tag::kStrictMember);
}

Tag value_tag(Tag tag) {
    switch (tag) {
        case Tag::kCount:
            return Tag::kRegister;
        case Tag::kMapAmount:
            return Tag::kMapField;
        case Tag::kScoreAmount:
            return Tag::kScore;
        default:
            return tag;
    }
}

std::optional<Tag> amount_tag(Tag tag) {
    switch (tag) {
        case Tag::kRegister:
            return Tag::kCount;
        case Tag::kMapField:
            return Tag::kMapAmount;
        case Tag::kScore:
            return Tag::kScoreAmount;
        default:
            return std::nullopt;
    }
}

bool shows(const KeyState& state, Tag tag, base::ByteView element, const Header& header) {
    if (shows(state.group(value_tag(tag), element), header)) {
        return true;
    }
    const auto amounts = amount_tag(value_tag(tag));
    return amounts && shows(state.group(*amounts, element), header);
}

bool string_shows(const KeyState& state, const Header& header) {
    return shows(state, Tag::kRegister, {}, header);
}

Type type_at(const KeyState& state, time::Hlc now) {
    const Header header = header_of(state);
    if (header.expired(now)) {
        return Type::kNone;
    }
    for (std::size_t type = kTypes; type-- > 0;) {
        if (state.summary.live[type] > 0) {
            return static_cast<Type>(type);
        }
    }
    return string_shows(state, header) ? Type::kString : Type::kNone;
}

Summary summarize(const KeyState& state) {
    CHECK(state.whole);
    Summary summary;
    const Header header = header_of(state);
    for (Group left = state.all(); !left.empty();) {
        const Group group = first_group(left);
        left = left.subspan(group.size());
        const auto& [tag, element, owner] = group.front().field;
        if (type_of(tag) == Type::kNone || type_of(tag) == Type::kString) {
            summary.uncounted = summary.uncounted || tag != Tag::kRegister;
            continue;
        }
        for (const Effect& cell : group) {
            summary.written.raise(cell.cell.dot);
        }
        // An element with amounts and a set value is one.
        const bool counted_already =
            is_amount(tag) && shows(state.group(value_tag(tag), element), header);
        if (!counted_already && shows(group, header)) {
            ++summary.live[static_cast<std::size_t>(type_of(tag))];
        }
    }
    return summary;
}

}  // namespace distkv::crdt
