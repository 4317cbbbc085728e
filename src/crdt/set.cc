#include "crdt/set.h"

#include "crdt/command.h"
#include "crdt/elements.h"

namespace distkv::crdt {

using base::Bytes;
using base::ByteView;
using base::Result;
using Counted = Outcome<std::uint64_t>;

namespace {

Type type_of(SetKind kind) {
    return kind == SetKind::kAddWins ? Type::kAddWinsSet : Type::kRemoveWinsSet;
}

Tag tag_of(SetKind kind) {
    return crdt::tag_of(type_of(kind));
}

}  // namespace

Result<Counted> set_add(const KeyState& state, SetKind kind, std::span<const Bytes> members,
                        const Writer& writer) {
    TRY(check_elements(members));
    return on_typed(state, writer, type_of(kind), [&](const KeyState& visible) -> Result<Counted> {
        const Header header = header_of(visible);
        Counted outcome;
        for (const ByteView member : each_once(members)) {
            const bool shown = shows(visible.group(tag_of(kind), member), header);
            outcome.reply += shown ? 0 : 1;
            if (!shown || kind == SetKind::kAddWins) {
                outcome.effects.push_back(set_value(visible, tag_of(kind), member, writer, {}));
            }
        }
        return outcome;
    });
}

Result<Counted> set_remove(const KeyState& state, SetKind kind, std::span<const Bytes> members,
                           const Writer& writer) {
    TRY(check_elements(members));
    Counted outcome;
    if (!TRY(exists_as(state, type_of(kind), writer.dot.hlc))) {
        return outcome;
    }
    const Header header = header_of(state);
    for (const ByteView member : each_once(members)) {
        if (shows(state.group(tag_of(kind), member), header)) {
            ++outcome.reply;
            outcome.effects.push_back(remove_value(state, tag_of(kind), member, writer));
        }
    }
    return outcome;
}

Result<bool> set_contains(const KeyState& state, SetKind kind, ByteView member, time::Hlc now) {
    return TRY(exists_as(state, type_of(kind), now)) &&
           shows(state.group(tag_of(kind), member), header_of(state));
}

Result<std::uint64_t> set_size(const KeyState& state, SetKind kind, time::Hlc now) {
    return TRY(exists_as(state, type_of(kind), now)) ? state.summary.of(type_of(kind)) : 0;
}

Result<std::vector<Bytes>> set_members(const KeyState& state, SetKind kind, time::Hlc now) {
    if (!TRY(exists_as(state, type_of(kind), now))) {
        return std::vector<Bytes>();
    }
    return visible_elements(state, tag_of(kind));
}

}  // namespace distkv::crdt
