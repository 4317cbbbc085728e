// The mark that tells after a crash which prefix of the batches an engine kept: one key, written in
// each batch, whose value is the number of the batch (of the log entry that made it).
//
//     value: version u8 1, index u64 little-endian
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/engine.h"

namespace distkv::storage {

using AppliedIndex = base::Id<struct AppliedIndexTag>;

base::Bytes encode_mark(AppliedIndex index);
base::Result<AppliedIndex> decode_mark(base::ByteView value);

// Applies the batch with the mark in it, so that no crash can part them.
base::Result<Sequence> apply_marked(Engine& engine, Batch batch, base::Bytes mark_key,
                                    AppliedIndex index);

}  // namespace distkv::storage
