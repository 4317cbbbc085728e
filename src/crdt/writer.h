// What commands of all types are made of: the cells that a writer writes. Pure; a command reads the
// state and returns effects, which the caller merges into its own state and ships to others.
#pragma once

#include <utility>

#include "base/result.h"
#include "crdt/liveness.h"

namespace distkv::crdt {

// Who writes, when, and what it has seen: every effect of these origins up to these stamps has been
// merged here. (Effects of one origin for one shard arrive in order; those of different origins
// interleave anyhow.) One command makes all its effects with one dot, above all that it has seen.
struct Writer {
    model::Dot dot;
    const model::VersionVector& seen;
};

// The reply of a command, and what it writes: nothing, when it changes nothing.
template <class Reply>
struct Outcome {
    Reply reply{};
    Effects effects;
};

// A value in the place of all that is seen of the element; a removal of all that is seen.
Effect set_value(const KeyState& state, Tag tag, base::ByteView element, const Writer& writer,
                 base::Bytes value);
Effect remove_value(const KeyState& state, Tag tag, base::ByteView element, const Writer& writer);

// Takes away all amounts that are seen of the element. Nothing to do when none is left.
void absorb_amounts(const KeyState& state, Tag tag, base::ByteView element, const Writer& writer,
                    Effects& effects);

// kInvalid when the owner's own sum would overflow.
base::Result<Effect> add_amount(const KeyState& state, Tag tag, base::ByteView element,
                                const Writer& writer, Amount by);

// Deletes what is seen of the key. Needs the core cells and all amounts (not the other elements).
Effects clear_key(const KeyState& state, const Writer& writer);

// The writer's setting of the expiry replaces all that it has seen.
Effect set_expiry(const KeyState& state, const Writer& writer, ExpirySetting::Kind kind,
                  std::uint64_t at_ms);

// What a command that begins by deleting the key builds on.
KeyState cleared(const KeyState& state, const Effects& clearing);

// The effects of a command in two steps: where both write a cell, the later step counts.
Effects combine(Effects first, Effects then);

// Runs a writing command on what people can see: if the key's time has come, on nothing, and what
// it writes then deletes the old as well.
template <class Command>
auto on_visible(const KeyState& state, const Writer& writer, Command command) {
    if (state.group(Tag::kHeader).empty() || !header_of(state).expired(writer.dot.hlc)) {
        return command(state);
    }
    Effects clearing = clear_key(state, writer);
    auto outcome = command(cleared(state, clearing));
    if (outcome.has_value() && !outcome->effects.empty()) {
        outcome->effects = combine(std::move(clearing), std::move(outcome->effects));
    }
    return outcome;
}

// kInvalid, in the words of Redis, unless there is no such key or it has that type.
base::Result<void> expect_type(const KeyState& state, Type type, time::Hlc now);

}  // namespace distkv::crdt
