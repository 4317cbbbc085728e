#include "storage/memory_tier.h"

#include <xxhash.h>

#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "crdt/liveness.h"
#include "storage/version_key.h"

namespace distkv::storage {

using base::Bytes;
using base::ByteView;
using crdt::Effect;
using crdt::KeyState;
using crdt::Tag;
using model::KeyName;

namespace {

// Beside its content a part costs its slot, its place in the map and allocations.
constexpr std::size_t kPartBytes = 160;
constexpr std::size_t kCellBytes = sizeof(Effect) + 16;
constexpr std::size_t kVectorEntryBytes = 64;  // A node of a std::map.

std::size_t cost_of(ByteView name, const KeyState& state) {
    std::size_t bytes = kPartBytes + name.size();
    bytes += state.summary.written.entries().size() * kVectorEntryBytes;
    for (const Effect& effect : state.all()) {
        bytes +=
            kCellBytes + effect.field.element.size() + effect.cell.value.size() +
            (effect.cell.clears.entries().size() + effect.cell.absorbed.size()) * kVectorEntryBytes;
    }
    return bytes;
}

// The core of a key goes by the prefix of its name; an element by the prefix of the cells that were
// set, whichever of its cells is meant.
Bytes element_name(const KeyName& name, const crdt::Field& field) {
    return element_prefix(name, crdt::value_tag(field.tag), field.element);
}

struct HashOfName {
    // The library looks for that name.
    // NOLINTNEXTLINE(readability-identifier-naming)
    using is_transparent = void;
    std::size_t operator()(ByteView name) const { return XXH3_64bits(name.data(), name.size()); }
};

}  // namespace

class MemoryTier::Parts {
public:
    // An element belongs to the core that was here when it came; with that core it goes. So to
    // forget a key is to forget its core.
    using Core = std::uint64_t;
    static constexpr Core kNone = 0;

    struct Part {
        Bytes name;
        KeyState state;
        Core core = kNone;
        std::size_t cost = 0;
        bool asked_for = false;
    };

    explicit Parts(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // Null: not here. Counts neither hit nor miss.
    Part* find(ByteView name) {
        const auto found = places_.find(name);
        if (found == places_.end()) {
            return nullptr;
        }
        Part& part = slots_[found->second];
        part.asked_for = true;
        return &part;
    }
    Part* find_element(ByteView name, Core core) {
        Part* const part = find(name);
        return part != nullptr && part->core == core ? part : nullptr;
    }

    // Says under which core elements may be kept; kNone: none was kept.
    Core put_core(Bytes name, KeyState state) {
        if (const Part* const there = find(name)) {
            return there->core;  // It is right.
        }
        return put(std::move(name), std::move(state), ++cores_) ? cores_ : kNone;
    }

    bool put(Bytes name, KeyState state, Core core) {
        const std::size_t cost = cost_of(name, state);
        erase(name);
        if (cost > bytes_max_ / 8) {
            return false;
        }
        make_room(cost);
        std::size_t slot = slots_.size();
        if (free_.empty()) {
            slots_.emplace_back();
        } else {
            slot = free_.back();
            free_.pop_back();
        }
        places_.emplace(name, slot);
        slots_[slot] = {std::move(name), std::move(state), core, cost, false};
        counts.bytes += cost;
        ++counts.parts;
        return true;
    }

    // After its state was changed in place.
    void weigh(ByteView name) {
        const auto found = places_.find(name);
        Part& part = slots_[found->second];
        counts.bytes -= part.cost;
        part.cost = cost_of(name, part.state);
        counts.bytes += part.cost;
        if (part.cost > bytes_max_ / 8) {
            free(found->second);
        } else {
            make_room(0);
        }
    }

    void erase(ByteView name) {
        if (const auto found = places_.find(name); found != places_.end()) {
            free(found->second);
        }
    }

    void clear() {
        places_.clear();
        slots_.clear();
        free_.clear();
        counts.parts = counts.bytes = 0;
    }

    TierCounts counts;

private:
    void make_room(std::size_t cost) {
        while (counts.parts > 0 && counts.bytes + cost > bytes_max_) {
            hand_ = hand_ + 1 < slots_.size() ? hand_ + 1 : 0;
            Part& part = slots_[hand_];
            if (part.cost > 0 && !std::exchange(part.asked_for, false)) {
                free(hand_);
                ++counts.evicted;
            }
        }
    }

    void free(std::size_t slot) {
        Part& part = slots_[slot];
        counts.bytes -= part.cost;
        --counts.parts;
        places_.erase(part.name);
        part = {};  // A free slot costs nothing.
        free_.push_back(slot);
    }

    std::size_t bytes_max_;
    boost::unordered_flat_map<Bytes, std::size_t, HashOfName, std::equal_to<>> places_;
    std::vector<Part> slots_;
    std::vector<std::size_t> free_;
    std::size_t hand_ = 0;
    Core cores_ = kNone;
};

MemoryTier::MemoryTier(std::size_t bytes_max) : parts_(std::make_unique<Parts>(bytes_max)) {}
MemoryTier::~MemoryTier() = default;

const TierCounts& MemoryTier::counts() const {
    return parts_->counts;
}

const KeyState* MemoryTier::find(const KeyName& name) {
    const Parts::Part* const found = parts_->find(key_prefix(name));
    ++(found != nullptr ? parts_->counts.hits : parts_->counts.misses);
    return found != nullptr ? &found->state : nullptr;
}

std::optional<KeyState> MemoryTier::find(const KeyName& name, const Want& want) {
    const bool scan = want.amounts || want.whole;
    const Parts::Part* const core = scan ? nullptr : parts_->find(key_prefix(name));
    std::optional<KeyState> state;
    if (core != nullptr) {
        state = core->state;
    }
    for (std::size_t i = 0; state && i < want.elements.size(); ++i) {
        const auto& [tag, element] = want.elements[i];
        const Parts::Part* const part =
            parts_->find_element(element_prefix(name, crdt::value_tag(tag), element), core->core);
        if (part == nullptr) {
            state.reset();
            break;
        }
        for (const Effect& cell : part->state.all()) {
            state->put(cell);
        }
    }
    ++(state ? parts_->counts.hits : parts_->counts.misses);
    return state;
}

void MemoryTier::keep(const KeyName& name, const Want& want, const KeyState& loaded) {
    KeyState state;
    state.whole = false;
    state.summary = loaded.summary;
    for (const Effect& cell : loaded.all()) {
        if (!crdt::has_element(cell.field.tag)) {
            state.put(cell);
        }
    }
    const Parts::Core core = parts_->put_core(key_prefix(name), std::move(state));
    for (const Want::Element& element : want.elements) {
        KeyState part;
        const Tag tag = crdt::value_tag(element.tag);
        for (const auto each : {std::optional(tag), crdt::amount_tag(tag)}) {
            for (const Effect& cell :
                 each ? loaded.group(*each, element.element) : KeyState::Group()) {
                part.put(cell);
            }
        }
        if (core != Parts::kNone) {
            parts_->put(element_prefix(name, tag, element.element), std::move(part), core);
        }
    }
}

void MemoryTier::apply(const KeyChange& change) {
    const Bytes core_name = key_prefix(change.name);
    Parts::Part* part = parts_->find(core_name);
    if (part == nullptr) {
        return;  // So none of its elements counts.
    }
    const Parts::Core core = part->core;
    if (change.summary) {
        part->state.summary = *change.summary;
    }
    for (const Effect& effect : change.effects) {
        const bool in_core = !crdt::has_element(effect.field.tag);
        const Bytes name = in_core ? core_name : element_name(change.name, effect.field);
        part = parts_->find_element(name, core);
        const crdt::Cell* const before = part != nullptr ? part->state.find(effect.field) : nullptr;
        // An older one lies beneath in the history.
        if (part != nullptr && (before == nullptr || before->dot <= effect.cell.dot)) {
            part->state.put(effect);
            parts_->weigh(name);
        }
    }
    if (change.summary && parts_->find(core_name) != nullptr) {
        parts_->weigh(core_name);
    }
}

void MemoryTier::forget(ByteView key_prefix) {
    parts_->erase(key_prefix);
}

void MemoryTier::clear() {
    parts_->clear();
}

}  // namespace distkv::storage
