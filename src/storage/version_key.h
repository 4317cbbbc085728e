// How versions are named in an engine. Order is what matters: all that belongs together stands
// together, and the newest version of a cell first.
//
//     4 bytes keyspace, big-endian, at least 1
//     2 bytes slot, big-endian
//     key, escaped
//     byte    tag (crdt/field.h)
//     element, escaped            if the tag has elements
//     owner, 6 bytes              unless the tag is shared
//     byte    section: 1 intent of a transaction, 2 version
//   of a version:
//     8 bytes stamp, big-endian, every bit flipped, so that newer ones stand first
//     origin, 6 bytes, flipped    if the tag is shared (else the owner says it)
//
//     escaped: 00 becomes 00 ff; the end is 00 00. So the order of the bytes is kept, and no name
//     is the beginning of another. owner, origin: 2 bytes region, 4 bytes incarnation, big-endian
//
// The summary of a key stands under its tag with nothing behind it. It exists whenever the key is
// more than a register: without it nothing but a register needs to be looked for.
//
// Before all keyspaces, the store's own records:
//
//     4 bytes 0; byte kind: 1 applied index of a group, 2 collection threshold of a shard;
//     8 bytes its id, big-endian
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/field.h"
#include "model/key_name.h"
#include "storage/engine.h"

namespace distkv::storage {

enum class Section : std::uint8_t { kIntent = 1, kVersion = 2 };

struct VersionKey {
    model::KeyName name;
    crdt::Field field;
    Section section = Section::kVersion;
    model::Dot dot;  // Of an intent: none.

    [[nodiscard]] bool is_summary() const { return field.tag == crdt::Tag::kSummary; }
    bool operator==(const VersionKey&) const = default;
};

base::Bytes version_key(const model::KeyName& name, const crdt::Field& field,
                        const model::Dot& dot);
base::Bytes intent_key(const model::KeyName& name, const crdt::Field& field);
base::Bytes summary_key(const model::KeyName& name);

// kCorrupt: no such name was ever written.
base::Result<VersionKey> decode_version_key(base::ByteView bytes);

// Of a register's row whose key is known already: what stands behind the tag. Nothing: an intent.
base::Result<std::optional<model::Dot>> decode_register_suffix(base::ByteView suffix);

// What the names of everything of a keyspace, slot, key, tag, element, field begin with.
base::Bytes keyspace_prefix(model::KeyspaceId keyspace);
base::Bytes slot_prefix(model::KeyspaceId keyspace, model::SlotId slot);
base::Bytes key_prefix(const model::KeyName& name);
base::Bytes tag_prefix(const model::KeyName& name, crdt::Tag tag);
base::Bytes element_prefix(const model::KeyName& name, crdt::Tag tag, base::ByteView element);
base::Bytes field_prefix(const model::KeyName& name, const crdt::Field& field);

// The same taken from a name: how many of its bytes name its key, and its field.
struct Extents {
    std::size_t key = 0;
    std::size_t field = 0;
};
base::Result<Extents> extents_of(base::ByteView bytes);

// Behind a field's prefix: where its versions up to that stamp begin.
base::Bytes versions_from(base::ByteView field_prefix, time::Hlc stamp);

// The first name that does not begin so. `prefix` is not all ff.
base::Bytes behind(base::Bytes prefix);
Range everything_below(base::Bytes prefix);
Range slots(model::KeyspaceId keyspace, model::SlotRange range);

// The store's own.
using GroupId = base::Id<struct GroupTag>;
using ShardId = base::Id<struct ShardTag>;
base::Bytes applied_key(GroupId group);
base::Bytes threshold_key(ShardId shard);

}  // namespace distkv::storage
