#include "crdt/expiry.h"

namespace distkv::crdt {

using base::Result;

Result<Outcome<bool>> expire_at(const KeyState& state, std::uint64_t at_ms, const Writer& writer) {
    if (type_at(state, writer.dot.hlc) == Type::kNone) {
        return Outcome<bool>{};
    }
    if (at_ms <= writer.dot.hlc.micros() / 1000) {
        return Outcome<bool>{true, clear_key(state, writer)};
    }
    return Outcome<bool>{true, {set_expiry(state, writer, ExpirySetting::Kind::kExpires, at_ms)}};
}

Result<Outcome<bool>> persist(const KeyState& state, const Writer& writer) {
    if (!expiry_of(state, writer.dot.hlc).at_ms) {
        return Outcome<bool>{};
    }
    return Outcome<bool>{true, {set_expiry(state, writer, ExpirySetting::Kind::kPersists, 0)}};
}

Expiry expiry_of(const KeyState& state, time::Hlc now) {
    if (type_at(state, now) == Type::kNone) {
        return {};
    }
    return {.exists = true, .at_ms = header_of(state).expires_ms};
}

}  // namespace distkv::crdt
