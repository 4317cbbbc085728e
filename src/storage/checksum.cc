#include "storage/checksum.h"

#include <xxhash.h>

#include <utility>

#include "base/codec.h"
#include "crdt/merge.h"
#include "storage/version_walk.h"

namespace distkv::storage {

using base::Bytes;
using base::Result;
using Place = VersionWalk::Place;

void Checksum::add(const Checksum& other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    keys += other.keys;
}

namespace {

Checksum of_key(base::ByteView name, const crdt::KeyState& state) {
    base::Encoder out;
    if (!crdt::digest(state, out)) {
        return {};
    }
    out.bytes(name);
    const XXH128_hash_t hash = XXH3_128bits(out.view().data(), out.view().size());
    return {hash.high64, hash.low64, 1};
}

}  // namespace

Checksum checksum_of(const model::KeyName& name, const crdt::KeyState& state) {
    return of_key(key_prefix(name), state);
}

Result<ChecksumStep> checksum(Engine& engine, const Range& range, const model::VersionVector& as_of,
                              const Snapshot* at, std::size_t keys_max) {
    ChecksumStep step;
    auto walk = TRY(VersionWalk::over(engine, range, at, &as_of));
    Place place = TRY(walk.seek(range.from));
    Bytes key = range.from;
    for (std::size_t keys = 0; place == Place::kAtCell || place == Place::kAtSummary; ++keys) {
        const Bytes prefix(walk.raw_key().substr(0, TRY(extents_of(walk.raw_key())).key));
        key = prefix;
        if (keys == keys_max) {
            step.next = std::move(key);
            return step;
        }
        crdt::KeyState state;
        while ((place == Place::kAtCell || place == Place::kAtSummary) &&
               walk.raw_key().starts_with(prefix)) {
            if (place == Place::kAtCell) {
                state.put(TRY(walk.cell()));
            }
            place = TRY(walk.next());
        }
        if (place == Place::kWouldBlock) {
            break;  // The whole key again, later.
        }
        step.sum.add(of_key(prefix, state));
        key = behind(prefix);
    }
    if (place == Place::kWouldBlock) {
        step.next = std::move(key);
        step.missing = walk.missing();
    }
    return step;
}

}  // namespace distkv::storage
