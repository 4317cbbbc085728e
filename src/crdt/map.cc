#include "crdt/map.h"

#include <map>
#include <string>
#include <utility>

#include "base/limits.h"
#include "crdt/command.h"
#include "crdt/counted.h"
#include "crdt/elements.h"

namespace distkv::crdt {

using base::Bytes;
using base::ByteView;
using base::Result;
using Counted = Outcome<std::uint64_t>;

namespace {

constexpr Tag kTag = Tag::kMapField;

Result<std::map<ByteView, ByteView>> latest_of(std::span<const MapEntry> entries) {
    TRY(check_count(entries.size()));
    std::map<ByteView, ByteView> latest;
    std::size_t bytes = 0;
    for (const auto& [field, value] : entries) {
        TRY(check_element(field));
        TRY(check_value(value));
        bytes += field.size() + value.size();
        latest[field] = value;
    }
    if (bytes > base::limits::kValueBytesMax + base::limits::kElementBytesMax) {
        return base::fail(base::Errc::kInvalid, "fields and values of " + std::to_string(bytes) +
                                                    " bytes in one command, at most " +
                                                    std::to_string(base::limits::kValueBytesMax));
    }
    return latest;
}

}  // namespace

Result<Counted> map_set(const KeyState& state, std::span<const MapEntry> entries,
                        const Writer& writer) {
    const auto latest = TRY(latest_of(entries));
    return on_typed(state, writer, Type::kMap, [&](const KeyState& visible) -> Result<Counted> {
        const Header header = header_of(visible);
        Counted outcome;
        for (const auto& [field, value] : latest) {
            outcome.reply += shows(visible, kTag, field, header) ? 0 : 1;
            set_counted(visible, kTag, field, writer, Bytes(value), outcome.effects);
        }
        return outcome;
    });
}

Result<Counted> map_remove(const KeyState& state, std::span<const Bytes> fields,
                           const Writer& writer) {
    TRY(check_elements(fields));
    Counted outcome;
    if (TRY(exists_as(state, Type::kMap, writer.dot.hlc))) {
        for (const ByteView field : each_once(fields)) {
            outcome.reply += remove_counted(state, kTag, field, writer, outcome.effects) ? 1 : 0;
        }
    }
    return outcome;
}

Result<Outcome<std::int64_t>> map_increment(const KeyState& state, ByteView field, std::int64_t by,
                                            const Writer& writer) {
    TRY(check_element(field));
    return on_typed(state, writer, Type::kMap, [&](const KeyState& visible) {
        return add_to_counted(visible, kTag, field, by, writer);
    });
}

Result<std::optional<Bytes>> map_get(const KeyState& state, ByteView field, time::Hlc now) {
    if (!TRY(exists_as(state, Type::kMap, now))) {
        return std::optional<Bytes>();
    }
    return counted_text(state, kTag, field, header_of(state));
}

Result<std::uint64_t> map_size(const KeyState& state, time::Hlc now) {
    return TRY(exists_as(state, Type::kMap, now)) ? state.summary.of(Type::kMap) : 0;
}

Result<std::vector<MapEntry>> map_entries(const KeyState& state, time::Hlc now) {
    std::vector<MapEntry> entries;
    if (TRY(exists_as(state, Type::kMap, now))) {
        const Header header = header_of(state);
        for (Bytes& field : visible_elements(state, kTag)) {
            Bytes value = *counted_text(state, kTag, field, header);
            entries.push_back({std::move(field), std::move(value)});
        }
    }
    return entries;
}

}  // namespace distkv::crdt
