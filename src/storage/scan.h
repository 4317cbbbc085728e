// Pages through what is in the store: keys of slots, elements of a key, the history of a key. Every
// page has a bound, and says where the next one begins.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "crdt/key_state.h"
#include "model/key_name.h"
#include "storage/engine.h"
#include "storage/version_key.h"

namespace distkv::storage {

// What a page found. When something was not in memory it ends early there: bring `missing` in, and
// go on from `next`.
template <class Item>
struct Page {
    std::vector<Item> items;
    std::optional<base::Bytes> next;  // None: that was all.
    Range missing;                    // Empty: nothing was.
};

struct ScannedKey {
    model::KeyName name;
    crdt::Type type = crdt::Type::kNone;
    bool expired = false;  // It does not show any more, and waits to be deleted.
};

struct PageLimit {
    std::size_t items = 1000;
    std::size_t looked_at = 10'000;  // Keys that show nothing cost a look, too.
};

// Keys that show at `now`, and those that have expired. `range` lies inside one keyspace.
base::Result<Page<ScannedKey>> scan_keys(Engine& engine, const Range& range, time::Hlc now,
                                         const PageLimit& limit, const Snapshot* at);

// The elements of a key under a tag, each with all its cells, amounts too. Begins at the element
// `from`; `next` is the element to go on from.
base::Result<Page<crdt::KeyState>> scan_elements(Engine& engine, const model::KeyName& name,
                                                 crdt::Tag tag, base::ByteView from,
                                                 const PageLimit& limit, const Snapshot* at);

// Every version of every cell of the key that is still there, cell by cell, newest first.
base::Result<Page<crdt::Effect>> history(Engine& engine, const model::KeyName& name,
                                         base::ByteView from, const PageLimit& limit,
                                         const Snapshot* at);

}  // namespace distkv::storage
