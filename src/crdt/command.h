// The frame of a command that knows its type: it runs on what people can see, refuses keys of other
// types, and a key that it creates has no expiry, whatever an earlier key of that name had.
#pragma once

#include "crdt/writer.h"

namespace distkv::crdt {

// Whether there is anything to read; kInvalid when the key has another type.
inline base::Result<bool> exists_as(const KeyState& state, Type type, time::Hlc now) {
    TRY(expect_type(state, type, now));
    return type_at(state, now) == type;
}

template <class Command>
auto on_typed(const KeyState& state, const Writer& writer, Type type, Command command) {
    using Answer = decltype(command(state));
    return on_visible(state, writer, [&](const KeyState& visible) -> Answer {
        const bool existed = TRY(exists_as(visible, type, writer.dot.hlc));
        Answer answer = command(visible);
        if (answer.has_value() && !answer->effects.empty() && !existed &&
            header_of(visible).any_setting_lives) {
            answer->effects.push_back(set_expiry(visible, writer, ExpirySetting::Kind::kLifted, 0));
        }
        return answer;
    });
}

}  // namespace distkv::crdt
