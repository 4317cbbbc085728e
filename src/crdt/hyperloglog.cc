#include "crdt/hyperloglog.h"

#include "crdt/command.h"
#include "crdt/elements.h"

namespace distkv::crdt {

using base::Result;

namespace {

Result<Sketch> joined(const KeyState& state) {
    Sketch sketch;
    const Header header = header_of(state);
    const auto group = state.group(Tag::kSketch);
    for (const Effect& cell : group) {
        if (lives(cell, group, header)) {
            sketch.join(TRY(Sketch::decode(cell.cell.value)));
        }
    }
    return sketch;
}

// The writer's own registers, if its cell lives.
Result<Sketch> own_of(const KeyState& state, const Writer& writer) {
    const Header header = header_of(state);
    const auto group = state.group(Tag::kSketch);
    for (const Effect& cell : group) {
        if (cell.field.owner == writer.dot.origin && lives(cell, group, header)) {
            return Sketch::decode(cell.cell.value);
        }
    }
    return Sketch{};
}

template <class Raise>  // Given a sketch, raises it and says whether it changed.
Result<Outcome<bool>> raise(const KeyState& state, const Writer& writer, Raise raise_sketch) {
    using Answer = Result<Outcome<bool>>;
    return on_typed(state, writer, Type::kHyperLogLog, [&](const KeyState& visible) -> Answer {
        const bool exists = TRY(exists_as(visible, Type::kHyperLogLog, writer.dot.hlc));
        Sketch own = TRY(own_of(visible, writer));
        Sketch all = TRY(joined(visible));
        Outcome<bool> outcome{.reply = raise_sketch(all) || !exists};
        if (raise_sketch(own) || !exists) {
            outcome.effects.push_back(
                {{Tag::kSketch, {}, writer.dot.origin},
                 {.dot = writer.dot, .kind = Kind::kValue, .value = own.encode()}});
        }
        return outcome;
    });
}

}  // namespace

Result<Sketch> sketch_of(const KeyState& state, time::Hlc now) {
    return TRY(exists_as(state, Type::kHyperLogLog, now)) ? joined(state) : Sketch{};
}

Result<std::uint64_t> sketch_count(const KeyState& state, time::Hlc now) {
    return TRY(sketch_of(state, now)).estimate();
}

Result<Outcome<bool>> sketch_add(const KeyState& state, std::span<const base::Bytes> elements,
                                 const Writer& writer) {
    TRY(check_count(elements.size()));
    return raise(state, writer, [&](Sketch& sketch) {
        bool changed = false;
        for (const base::Bytes& element : elements) {
            changed = sketch.add(element) || changed;
        }
        return changed;
    });
}

Result<Outcome<bool>> sketch_merge(const KeyState& state, const Sketch& other,
                                   const Writer& writer) {
    return raise(state, writer, [&](Sketch& sketch) { return sketch.join(other); });
}

}  // namespace distkv::crdt
