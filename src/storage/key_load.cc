#include "storage/key_load.h"

#include <utility>

#include "crdt/liveness.h"
#include "crdt/merge.h"
#include "storage/version_walk.h"

namespace distkv::storage {

using base::Bytes;
using base::ByteView;
using base::Result;
using crdt::KeyState;
using crdt::Tag;
using model::KeyName;
using Place = VersionWalk::Place;

namespace {

// Adds all cells of the range. False: something is missing.
Result<bool> add_range(VersionWalk& walk, ByteView from, ByteView until, Load& load) {
    Place place = TRY(walk.seek(from));
    while (place != Place::kEnd && place != Place::kWouldBlock && walk.raw_key() < until) {
        if (place == Place::kAtSummary) {
            load.state->summary = TRY(crdt::decode_summary(walk.raw_value()));
        } else {
            load.state->put(TRY(walk.cell()));
        }
        place = TRY(walk.next());
    }
    if (place == Place::kWouldBlock) {
        load.missing = walk.missing();
        load.state.reset();
    }
    return load.state.has_value();
}

Bytes end_of_core(const KeyName& name) {
    Bytes end = tag_prefix(name, Tag::kRegister);
    end.back() = static_cast<char>(end.back() + 1);
    return end;
}

// What a lookup of a register found behind its key's prefix. False: it is no version that counts.
Result<bool> take_register(const First& first, std::size_t prefix_bytes,
                           const model::VersionVector* as_of, Load& load) {
    const auto dot = TRY(decode_register_suffix(first.key.substr(prefix_bytes + 1)));
    if (!dot || (as_of != nullptr && !as_of->covers(*dot))) {
        return false;
    }
    crdt::Effect effect{{.tag = Tag::kRegister}, TRY(crdt::decode_cell(first.value, *dot))};
    TRY(crdt::check_cell(effect.field, effect.cell));
    load.state->put(std::move(effect));
    return true;
}

// A key that is nothing but a register, or nothing at all, takes one lookup. False: it is more.
Result<bool> load_plain(Engine& engine, const KeyName& name, Load& load) {
    const Bytes prefix = key_prefix(name);
    const Bytes end = end_of_core(name);
    const First first = TRY(engine.first(prefix, end));
    if (first.presence == Presence::kWouldBlock) {
        load = {.state = {}, .missing = {prefix, end}};
        return true;
    }
    if (first.presence == Presence::kAbsent) {
        return true;
    }
    return first.key[prefix.size()] == static_cast<char>(Tag::kRegister) &&
           TRY(take_register(first, prefix.size(), nullptr, load));
}

// The same of the past. False: a version of another origin is in the way.
Result<bool> load_plain_as_of(Engine& engine, const Bytes& prefix,
                              const model::VersionVector& as_of, Load& load) {
    time::Hlc newest;
    for (const auto& [origin, stamp] : as_of.entries()) {
        newest = std::max(newest, stamp);
    }
    Bytes until = prefix;
    until += static_cast<char>(Tag::kRegister);
    const Bytes from = versions_from(until, newest);
    ++until.back();
    const First first = TRY(engine.first(from, until));
    if (first.presence == Presence::kWouldBlock) {
        load = {.state = {}, .missing = {from, std::move(until)}};
        return true;
    }
    return first.presence == Presence::kAbsent ||
           TRY(take_register(first, prefix.size(), &as_of, load));
}

}  // namespace

Want wanted_to_merge(const crdt::Effects& effects) {
    Want want;
    for (const crdt::Effect& effect : effects) {
        want.whole |= effect.field.tag == Tag::kHeader && !effect.cell.clears.empty();
        if (crdt::has_element(effect.field.tag)) {
            want.elements.push_back({crdt::value_tag(effect.field.tag), effect.field.element});
        }
    }
    return want;
}

Result<Load> load_key(Engine& engine, const KeyName& name, const Want& want) {
    Load load{.state = KeyState{}, .missing = {}};
    load.state->whole = want.whole;
    const bool only_core = want.elements.empty() && !want.amounts && !want.whole;
    if (only_core && TRY(load_plain(engine, name, load))) {
        return load;
    }
    const Range range = everything_below(key_prefix(name));
    auto walk = TRY(VersionWalk::over(engine, range, nullptr, nullptr));
    const Bytes core_end = end_of_core(name);
    if (!TRY(add_range(walk, range.from, want.whole ? range.until : core_end, load)) ||
        want.whole) {
        return load;
    }
    for (const Want::Element& element : want.elements) {
        for (const auto tag : {std::optional(element.tag), crdt::amount_tag(element.tag)}) {
            const Bytes prefix = tag ? element_prefix(name, *tag, element.element) : Bytes();
            if (tag && !TRY(add_range(walk, prefix, behind(prefix), load))) {
                return load;
            }
        }
    }
    if (want.amounts) {
        for (const Tag tag : {Tag::kMapAmount, Tag::kScoreAmount}) {
            const Bytes prefix = tag_prefix(name, tag);
            if (!TRY(add_range(walk, prefix, behind(prefix), load))) {
                return load;
            }
        }
    }
    return load;
}

Result<Load> load_key_as_of(Engine& engine, const KeyName& name, const model::VersionVector& as_of,
                            const KeyState* core) {
    Load load{.state = KeyState{}, .missing = {}};
    const Bytes prefix = key_prefix(name);
    bool plain = core != nullptr && core->summary == crdt::Summary{};
    if (core == nullptr) {
        Bytes summary = prefix;
        summary += static_cast<char>(Tag::kSummary);
        const Lookup more = TRY(engine.get(summary, nullptr));
        if (more.presence == Presence::kWouldBlock) {
            return Load{.state = {}, .missing = {summary, summary + '\0'}};
        }
        plain = more.presence == Presence::kAbsent;
    }
    if (plain && TRY(load_plain_as_of(engine, prefix, as_of, load))) {
        return load;
    }
    const Range range = everything_below(prefix);
    auto walk = TRY(VersionWalk::over(engine, range, nullptr, &as_of));
    if (TRY(add_range(walk, range.from, range.until, load))) {
        load.state->summary = crdt::summarize(*load.state);
    }
    return load;
}

}  // namespace distkv::storage
