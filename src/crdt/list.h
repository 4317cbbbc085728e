// A list. Each element is a field of its own, named by its position (position.h), so that the order
// of the fields is the order of the list. Elements are add-wins values: removing takes what was
// seen, so that two regions may pop one element at the same time (popping is at-least-once), and
// what was inserted meanwhile stays.
//
// Setting writes in place what the writer itself inserted; what others inserted is replaced by a
// new element beside it. So two concurrent settings of one element both stay, and a setting
// survives a concurrent removal.
//
// Indexes count from 0, or from the end: -1 is the last element. A command needs the core cells and
// those of the elements that it walks over: from the end that an index counts from (of a range: its
// first) to the place, and one element that shows beyond it. Pushing and popping need the first
// element that shows, or the last; trimming, those that go.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "crdt/writer.h"

namespace distkv::crdt {

enum class Side : std::uint8_t { kBefore, kAfter };

struct ListPlace {
    Side side = Side::kBefore;
    std::int64_t index = 0;
};

struct ListRange {  // Both ends included, as in Redis.
    std::int64_t first = 0;
    std::int64_t last = -1;
};

base::Result<std::uint64_t> list_length(const KeyState& state, time::Hlc now);
base::Result<std::vector<base::Bytes>> list_range(const KeyState& state, ListRange range,
                                                  time::Hlc now);
base::Result<std::optional<base::Bytes>> list_at(const KeyState& state, std::int64_t index,
                                                 time::Hlc now);

// Reply: the length. Of several values, each in turn goes to the front, so the last one is first.
base::Result<Outcome<std::uint64_t>> list_push_front(const KeyState& state,
                                                     std::span<const base::Bytes> values,
                                                     const Writer& writer);
base::Result<Outcome<std::uint64_t>> list_push_back(const KeyState& state,
                                                    std::span<const base::Bytes> values,
                                                    const Writer& writer);

// The values stand in their order before or after the element of that index. Before the index that
// is the length: at the end.
base::Result<Outcome<std::uint64_t>> list_insert(const KeyState& state, ListPlace place,
                                                 std::span<const base::Bytes> values,
                                                 const Writer& writer);

// Reply: the value, or nothing when there is no element.
base::Result<Outcome<std::optional<base::Bytes>>> list_pop_front(const KeyState& state,
                                                                 const Writer& writer);
base::Result<Outcome<std::optional<base::Bytes>>> list_pop_back(const KeyState& state,
                                                                const Writer& writer);
base::Result<Outcome<std::optional<base::Bytes>>> list_remove(const KeyState& state,
                                                              std::int64_t index,
                                                              const Writer& writer);

// Reply: the value that was there. kInvalid when there is no such element.
base::Result<Outcome<base::Bytes>> list_set(const KeyState& state, std::int64_t index,
                                            base::Bytes value, const Writer& writer);

// Removes all but the range. Reply: how many it removed.
base::Result<Outcome<std::uint64_t>> list_trim(const KeyState& state, ListRange range,
                                               const Writer& writer);

}  // namespace distkv::crdt
