#include "crdt/flag.h"

#include "crdt/command.h"

namespace distkv::crdt {

using base::Result;

Result<Outcome<bool>> flag_enable(const KeyState& state, const Writer& writer) {
    return on_typed(state, writer, Type::kFlag,
                    [&](const KeyState& visible) -> Result<Outcome<bool>> {
                        const bool on = shows(visible.group(Tag::kFlag), header_of(visible));
                        return Outcome<bool>{!on, {set_value(visible, Tag::kFlag, {}, writer, {})}};
                    });
}

Result<Outcome<bool>> flag_disable(const KeyState& state, const Writer& writer) {
    if (!TRY(flag_is_enabled(state, writer.dot.hlc))) {
        return Outcome<bool>{};
    }
    return Outcome<bool>{true, {remove_value(state, Tag::kFlag, {}, writer)}};
}

Result<bool> flag_is_enabled(const KeyState& state, time::Hlc now) {
    return exists_as(state, Type::kFlag, now);
}

}  // namespace distkv::crdt
