// What a group agrees on: a sequence of entries, each with the term of the leader that made it.
//
// On the wire, and as the body of a record of the shared log (which has index and term of its own):
//     byte    version, 1
//     byte    kind
//     ...     body
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"

namespace distkv::raft {

// One replica of one group, for its whole life: a replica that lost its disk comes back under a new
// id, because it no longer knows what it has promised. 0 is nobody.
using ReplicaId = base::Id<struct ReplicaTag>;
inline constexpr ReplicaId kNobody{};

// A place in the log. {0, 0} is the place before the first entry.
struct Position {
    std::uint64_t index = 0;
    std::uint64_t term = 0;

    auto operator<=>(const Position&) const = default;
};

enum class EntryKind : std::uint8_t {
    kNormal = 1,      // Body: the owner's.
    kNoop = 2,        // The first of a term; no body.
    kMembership = 3,  // Body: a Membership, whole.
};

// An entry is held by the log, by messages under way and by whoever applies it; its bytes, which
// may be 16 MiB, are shared between them and never change.
class Body {
public:
    Body() = default;
    explicit Body(base::Bytes bytes)
        : bytes_(bytes.empty() ? nullptr : std::make_shared<const base::Bytes>(std::move(bytes))) {}
    explicit Body(std::shared_ptr<const base::Bytes> bytes) : bytes_(std::move(bytes)) {}

    [[nodiscard]] base::ByteView view() const {
        return bytes_ ? base::ByteView(*bytes_) : base::ByteView();
    }
    [[nodiscard]] std::size_t size() const { return bytes_ ? bytes_->size() : 0; }

    bool operator==(const Body& other) const { return view() == other.view(); }

private:
    std::shared_ptr<const base::Bytes> bytes_;
};

struct Entry {
    std::uint64_t index = 0;
    std::uint64_t term = 0;
    EntryKind kind = EntryKind::kNormal;
    Body body;

    [[nodiscard]] Position position() const { return {index, term}; }
    bool operator==(const Entry&) const = default;
};

// What an entry counts against every limit in bytes: its body, and what it costs to have one at
// all.
inline constexpr std::size_t kEntryOverheadBytes = 32;
inline std::size_t cost_of(const Entry& entry) {
    return entry.body.size() + kEntryOverheadBytes;
}

// The body of the record in the shared log.
base::Bytes encode_for_log(const Entry& entry);
base::Result<Entry> decode_from_log(Position position, base::ByteView record_body);

}  // namespace distkv::raft
