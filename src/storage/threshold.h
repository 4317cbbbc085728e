// Up to where old versions of a shard may be collected: never above what is settled (crdt/merge.h
// says what that promises), nor above what anybody holds: a snapshot, a backup, a stream, a reader
// of the past. A read of a moment that lies below what was collected is refused.
//
// The threshold is written with the first batch that collects under it, so that after a crash
// nobody reads where versions are gone.
//
//     record: version u8 1, version vector
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "model/version_vector.h"
#include "storage/engine.h"

namespace distkv::storage {

class CollectionThreshold {
public:
    // What the record said at the start; empty: nothing was ever collected.
    explicit CollectionThreshold(model::VersionVector collected)
        : collected_(std::move(collected)) {}

    // While it lives, nothing above `at` is collected.
    class Hold {
    public:
        Hold(CollectionThreshold& of, model::VersionVector at, std::string who);
        ~Hold();
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

        void raise(const model::VersionVector& at);  // A stream has moved on.

    private:
        CollectionThreshold& of_;
        std::uint64_t number_;
    };

    // How far collection may go, when so much is settled. Never below what it was.
    [[nodiscard]] model::VersionVector limit(const model::VersionVector& settled) const;

    // Collection has begun to work under this limit.
    void advance(const model::VersionVector& limit);
    [[nodiscard]] const model::VersionVector& collected() const { return collected_; }

    // kInvalid, naming what was collected, unless everything as of that vector is still there.
    [[nodiscard]] base::Result<void> check_readable(const model::VersionVector& as_of) const;

    // Who holds collection back, and where, for people.
    [[nodiscard]] std::map<std::string, model::VersionVector> holders() const;

private:
    struct Held {
        model::VersionVector at;
        std::string who;
    };
    model::VersionVector collected_;
    std::map<std::uint64_t, Held> holds_;
    std::uint64_t holds_made_ = 0;
};

base::Bytes encode_threshold(const model::VersionVector& collected);
base::Result<model::VersionVector> decode_threshold(base::ByteView bytes);

}  // namespace distkv::storage
