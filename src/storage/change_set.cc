#include "storage/change_set.h"

#include <iterator>
#include <utility>

#include "base/codec.h"
#include "base/limits.h"
#include "storage/version_key.h"

namespace distkv::storage {

using base::Bytes;
using base::Errc;
using base::fail;
using base::Result;
namespace limits = base::limits;

namespace {

constexpr std::uint8_t kVersion = 1;
enum class SummaryChange : std::uint8_t { kNone = 0, kPut = 1, kGone = 2 };

void encode_effect(base::Encoder& out, const crdt::Effect& effect) {
    out.fixed(static_cast<std::uint8_t>(effect.field.tag));
    out.bytes(effect.field.element);
    effect.cell.dot.encode(out);
    out.bytes(crdt::encode_cell(effect.cell));
}

Result<crdt::Effect> decode_effect(base::Decoder& in) {
    crdt::Effect effect;
    effect.field.tag = static_cast<crdt::Tag>(TRY(in.fixed<std::uint8_t>()));
    effect.field.element = Bytes(TRY(in.bytes(limits::kElementBytesMax)));
    const model::Dot dot = TRY(model::Dot::decode(in));
    effect.cell = TRY(crdt::decode_cell(TRY(in.bytes(limits::kFrameBytesMax)), dot));
    if (!crdt::is_shared(effect.field.tag)) {
        effect.field.owner = dot.origin;
    }
    TRY(crdt::check_cell(effect.field, effect.cell));
    return effect;
}

Result<KeyChange> decode_key(base::Decoder& in) {
    KeyChange change;
    change.name.keyspace.value = TRY(in.varint());
    change.name.slot.value = TRY(in.varint());
    if (change.name.keyspace.value == 0 || change.name.keyspace.value > model::kKeyspaceIdMax ||
        change.name.slot.value >= model::kSlots) {
        return fail(Errc::kCorrupt, "a change of a keyspace or slot that cannot be");
    }
    change.name.key = Bytes(TRY(in.bytes(limits::kKeyBytesMax)));
    const std::uint8_t summary = TRY(in.fixed<std::uint8_t>());
    if (summary > static_cast<std::uint8_t>(SummaryChange::kGone)) {
        return fail(Errc::kCorrupt, "a change of a summary of an unknown kind");
    }
    if (summary == static_cast<std::uint8_t>(SummaryChange::kPut)) {
        change.summary = TRY(crdt::decode_summary(TRY(in.bytes(limits::kFrameBytesMax))));
    } else if (summary == static_cast<std::uint8_t>(SummaryChange::kGone)) {
        change.summary = crdt::Summary{};
    }
    const std::uint64_t cells = TRY(in.varint());
    for (std::uint64_t i = 0; i < cells; ++i) {
        change.effects.push_back(TRY(decode_effect(in)));
    }
    return change;
}

}  // namespace

Bytes encode_change_set(const ChangeSet& changes) {
    base::Encoder out;
    out.fixed(kVersion);
    out.varint(changes.keys.size());
    for (const KeyChange& change : changes.keys) {
        out.varint(change.name.keyspace.value);
        out.varint(change.name.slot.value);
        out.bytes(change.name.key);
        const bool gone = change.summary == crdt::Summary{};
        out.fixed(static_cast<std::uint8_t>(!change.summary ? SummaryChange::kNone
                                            : gone          ? SummaryChange::kGone
                                                            : SummaryChange::kPut));
        if (change.summary && !gone) {
            out.bytes(crdt::encode_summary(*change.summary));
        }
        out.varint(change.effects.size());
        for (const crdt::Effect& effect : change.effects) {
            encode_effect(out, effect);
        }
    }
    return std::move(out).take();
}

Result<ChangeSet> decode_change_set(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));  // There is only one so far.
    ChangeSet changes;
    const std::uint64_t keys = TRY(in.varint());
    for (std::uint64_t i = 0; i < keys; ++i) {
        changes.keys.push_back(TRY(decode_key(in)));
    }
    TRY(in.finish());
    return changes;
}

KeyChange merge_into(crdt::KeyState& state, const model::KeyName& name,
                     const crdt::Effects& effects, std::vector<crdt::Dropped>& dropped) {
    KeyChange change{.name = name, .effects = {}, .summary = {}};
    const crdt::Summary before = state.summary;
    for (const crdt::Effect& effect : effects) {
        crdt::Merged merged = crdt::merge(state, effect);
        const crdt::Cell& newest = *std::as_const(state).find(effect.field);
        if (newest.dot != effect.cell.dot && crdt::is_shared(effect.field.tag)) {
            // It lost, but it is a version: it stands beneath in the history.
            change.effects.push_back(effect);
        }
        if (merged.changed) {
            // Not as it came: a cell keeps what the ones before it knew.
            change.effects.push_back({effect.field, newest});
        }
        dropped.insert(dropped.end(), std::make_move_iterator(merged.dropped.begin()),
                       std::make_move_iterator(merged.dropped.end()));
    }
    if (state.summary != before) {
        change.summary = state.summary;
    }
    return change;
}

void add_to(Batch& batch, const KeyChange& change) {
    for (const crdt::Effect& effect : change.effects) {
        batch.put(version_key(change.name, effect.field, effect.cell.dot),
                  crdt::encode_cell(effect.cell));
    }
    if (change.summary == crdt::Summary{}) {
        batch.remove(summary_key(change.name));
    } else if (change.summary) {
        batch.put(summary_key(change.name), crdt::encode_summary(*change.summary));
    }
}

Batch to_batch(const ChangeSet& changes) {
    Batch batch;
    for (const KeyChange& change : changes.keys) {
        add_to(batch, change);
    }
    return batch;
}

}  // namespace distkv::storage
