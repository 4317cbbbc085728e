#include "crdt/string.h"

#include <utility>

#include "crdt/command.h"
#include "crdt/counted.h"
#include "crdt/elements.h"

namespace distkv::crdt {

using base::Bytes;
using base::Result;

namespace {

Effects set_over(const KeyState& state, Bytes value, StringSet options, const Writer& writer) {
    const Header header = header_of(state);
    const Type type = type_at(state, writer.dot.hlc);
    if (type != Type::kString && type != Type::kNone) {
        Effects clearing = clear_key(state, writer);
        const KeyState empty = cleared(state, clearing);
        Effects then = set_over(empty, std::move(value), {}, writer);
        if (options.keeps_ttl && header.expires_ms) {
            then.push_back(
                set_expiry(empty, writer, ExpirySetting::Kind::kExpires, *header.expires_ms));
        }
        return combine(std::move(clearing), std::move(then));
    }
    Effects effects;
    set_counted(state, Tag::kRegister, {}, writer, std::move(value), effects);
    const bool keeps = options.keeps_ttl && type == Type::kString;
    if (header.any_setting_lives && !keeps) {
        effects.push_back(set_expiry(state, writer, ExpirySetting::Kind::kLifted, 0));
    }
    return effects;
}

}  // namespace

Result<Outcome<bool>> string_set(const KeyState& state, Bytes value, StringSet options,
                                 const Writer& writer) {
    TRY(check_value(value));
    return on_visible(state, writer, [&](const KeyState& visible) -> Result<Outcome<bool>> {
        return Outcome<bool>{true, set_over(visible, std::move(value), options, writer)};
    });
}

Result<std::optional<Bytes>> string_get(const KeyState& state, time::Hlc now) {
    if (!TRY(exists_as(state, Type::kString, now))) {
        return std::optional<Bytes>();
    }
    return counted_text(state, Tag::kRegister, {}, header_of(state));
}

Result<Outcome<std::int64_t>> string_increment(const KeyState& state, std::int64_t by,
                                               const Writer& writer) {
    return on_typed(state, writer, Type::kString, [&](const KeyState& visible) {
        return add_to_counted(visible, Tag::kRegister, {}, by, writer);
    });
}

Result<Outcome<bool>> key_remove(const KeyState& state, const Writer& writer) {
    if (type_at(state, writer.dot.hlc) == Type::kNone) {
        return Outcome<bool>{};
    }
    return Outcome<bool>{true, clear_key(state, writer)};
}

}  // namespace distkv::crdt
