#include "storage/key_load.h"

#include <utility>

#include "crdt/liveness.h"
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

// A key that is nothing but a register, or nothing at all, takes one lookup. False: it is more.
Result<bool> load_plain(Engine& engine, const KeyName& name, Load& load) {
    const Bytes prefix = key_prefix(name);
    const Bytes end = end_of_core(name);
    const First first = TRY(engine.first(prefix, end));
    if (first.presence == Presence::kWouldBlock) {
        load.state.reset();
        load.missing = {prefix, end};
        return true;
    }
    if (first.presence == Presence::kAbsent) {
        return true;
    }
    if (first.key[prefix.size()] != static_cast<char>(Tag::kRegister)) {
        return false;
    }
    VersionKey key = TRY(decode_version_key(first.key));
    if (key.section != Section::kVersion) {
        return false;
    }
    load.state->put(TRY(decode_effect(std::move(key), first.value)));
    return true;
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

namespace {

// Whether the key was never more than a register; nothing: that would block.
Result<std::optional<bool>> is_plain(Engine& engine, const Bytes& summary) {
    const Lookup more = TRY(engine.get(summary, nullptr));
    return more.presence == Presence::kWouldBlock
               ? std::nullopt
               : std::optional(more.presence == Presence::kAbsent);
}

}  // namespace

Result<Load> load_key_as_of(Engine& engine, const KeyName& name, const model::VersionVector& as_of,
                            const KeyState* core) {
    Load load{.state = KeyState{}, .missing = {}};
    bool plain = core != nullptr && core->summary == crdt::Summary{};
    if (core == nullptr) {
        const Bytes summary = summary_key(name);
        const auto known = TRY(is_plain(engine, summary));
        if (!known) {
            return Load{.state = {}, .missing = {summary, summary + '\0'}};
        }
        plain = *known;
    }
    const Range range = everything_below(plain ? field_prefix(name, {}) : key_prefix(name));
    if (plain) {
        time::Hlc newest;
        for (const auto& [origin, stamp] : as_of.entries()) {
            newest = std::max(newest, stamp);
        }
        const Bytes from = versions_from(range.from, newest);
        const First first = TRY(engine.first(from, range.until));
        if (first.presence == Presence::kWouldBlock) {
            load.state.reset();
            load.missing = {from, range.until};
            return load;
        }
        if (first.presence == Presence::kAbsent) {
            return load;
        }
        VersionKey key = TRY(decode_version_key(first.key));
        if (key.section == Section::kVersion && as_of.covers(key.dot)) {
            load.state->put(TRY(decode_effect(std::move(key), first.value)));
            return load;
        }
    }
    auto walk = TRY(VersionWalk::over(engine, range, nullptr, &as_of));
    if (TRY(add_range(walk, range.from, range.until, load))) {
        load.state->summary = crdt::summarize(*load.state);
    }
    return load;
}

}  // namespace distkv::storage
