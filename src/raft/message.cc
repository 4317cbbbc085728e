#include "raft/message.h"

#include "base/check.h"

namespace distkv::raft {

// byte    version, 1
// byte    kind
// varint  from, varint to, varint term
// varint  parts: one bit for each that follows, in this order
//         1 at: varint index, varint term      2 commit: varint
//         4 entries (see below)                8 hint: as at
//         16 read_id: varint                  32 context: 8 bytes
//         64 sent_at: 8 bytes, nanoseconds   128 lease: varint, nanoseconds
//         256 ceiling: 8 bytes               512 held_by_all: varint
//         1024 rejected, 2048 forgot, 4096 forced: nothing follows
// entries: varint count, then of each: varint term, byte kind, bytes body. Their indices follow
// at.index.
namespace {

constexpr std::uint8_t kVersion = 1;

enum Part : std::uint64_t {
    kAt = 1,
    kCommit = 2,
    kEntries = 4,
    kHint = 8,
    kReadId = 16,
    kContext = 32,
    kSentAt = 64,
    kLease = 128,
    kCeiling = 256,
    kHeldByAll = 512,
    kRejected = 1024,
    kForgot = 2048,
    kForced = 4096,
    kBeyond = 8192,
};

std::uint64_t parts_of(const Message& m) {
    const auto part = [](bool there, Part bit) { return there ? bit : std::uint64_t{0}; };
    return part(m.at != Position{}, kAt) | part(m.commit != 0, kCommit) |
           part(!m.entries.empty(), kEntries) | part(m.hint != Position{}, kHint) |
           part(m.read_id != 0, kReadId) | part(m.context != 0, kContext) |
           part(m.sent_at != time::MonoTime{}, kSentAt) |
           part(m.lease != time::Duration{}, kLease) | part(m.ceiling != time::Hlc{}, kCeiling) |
           part(m.held_by_all != 0, kHeldByAll) | part(m.rejected, kRejected) |
           part(m.forgot, kForgot) | part(m.forced, kForced);
}

std::unexpected<base::Error> malformed(std::string what) {
    return base::fail(base::Errc::kCorrupt, "a raft message " + std::move(what));
}

// An index or a term. Nobody counts so far, and sums of two must not wrap around.
base::Result<std::uint64_t> decode_count(base::Decoder& in) {
    const std::uint64_t count = TRY(in.varint());
    if (count >= std::uint64_t{1} << 62) {
        return malformed("speaks of index or term " + std::to_string(count));
    }
    return count;
}

base::Result<Position> decode_position(base::Decoder& in) {
    Position at;
    at.index = TRY(decode_count(in));
    at.term = TRY(decode_count(in));
    return at;
}

base::Result<std::vector<Entry>> decode_entries(base::Decoder& in, const Message& m) {
    std::vector<Entry> entries;
    const std::uint64_t count = TRY(in.varint());
    std::uint64_t term = m.at.term;
    for (std::uint64_t i = 0; i < count; ++i) {
        Entry entry;
        entry.index = m.at.index + i + 1;
        entry.term = TRY(decode_count(in));
        const auto kind = TRY(in.fixed<std::uint8_t>());
        if (kind < 1 || kind > static_cast<std::uint8_t>(EntryKind::kMembership)) {
            return malformed("has an entry of kind " + std::to_string(kind));
        }
        if (entry.term < term || entry.term > m.term) {
            return malformed("has entries whose terms go back, or beyond its own");
        }
        entry.kind = static_cast<EntryKind>(kind);
        entry.body = Body(base::Bytes(TRY(in.bytes(in.rest().size()))));
        if (entry.kind == EntryKind::kMembership) {
            static_cast<void>(TRY(Membership::decode(entry.body.view())));
        }
        term = entry.term;
        entries.push_back(std::move(entry));
    }
    return entries;
}

base::Result<void> decode_numbers(base::Decoder& in, std::uint64_t parts, Message& m) {
    if ((parts & kHint) != 0) {
        m.hint = TRY(decode_position(in));
    }
    if ((parts & kReadId) != 0) {
        m.read_id = TRY(in.varint());
    }
    if ((parts & kContext) != 0) {
        m.context = TRY(in.fixed<std::uint64_t>());
    }
    if ((parts & kSentAt) != 0) {
        const auto nanos = static_cast<std::int64_t>(TRY(in.fixed<std::uint64_t>()));
        m.sent_at = time::MonoTime(time::Duration(nanos));
    }
    if ((parts & kLease) != 0) {
        const std::uint64_t nanos = TRY(in.varint());
        if (nanos > INT64_MAX) {
            return malformed("promises a lease of more than 292 years");
        }
        m.lease = time::Duration(static_cast<std::int64_t>(nanos));
    }
    if ((parts & kCeiling) != 0) {
        m.ceiling = TRY(time::Hlc::decode(in));
    }
    if ((parts & kHeldByAll) != 0) {
        m.held_by_all = TRY(in.varint());
    }
    return {};
}

}  // namespace

std::string_view name_of(MessageKind kind) {
    static constexpr std::string_view kNames[] = {
        "pre-vote",  "pre-vote answer",  "vote",     "vote answer", "append",      "append answer",
        "heartbeat", "heartbeat answer", "transfer", "read",        "read answer", "sleep",
        "wake"};
    static_assert(std::size(kNames) == kMessageKindMax);
    const auto number = static_cast<std::size_t>(kind);
    CHECK(number >= 1 && number <= kMessageKindMax);
    return kNames[number - 1];
}

std::size_t cost_of(const Message& message) {
    constexpr std::size_t kFixed = 64;
    std::size_t bytes = kFixed;
    for (const Entry& entry : message.entries) {
        bytes += cost_of(entry);
    }
    return bytes;
}

void encode(const Message& m, base::Encoder& out) {
    const std::uint64_t parts = parts_of(m);
    out.fixed(kVersion);
    out.fixed(static_cast<std::uint8_t>(m.kind));
    out.varint(m.from.value);
    out.varint(m.to.value);
    out.varint(m.term);
    out.varint(parts);
    const auto position = [&out](Position at) {
        out.varint(at.index);
        out.varint(at.term);
    };
    if ((parts & kAt) != 0) {
        position(m.at);
    }
    if ((parts & kCommit) != 0) {
        out.varint(m.commit);
    }
    if ((parts & kEntries) != 0) {
        out.varint(m.entries.size());
        for (const Entry& entry : m.entries) {
            out.varint(entry.term);
            out.fixed(static_cast<std::uint8_t>(entry.kind));
            out.bytes(entry.body.view());
        }
    }
    if ((parts & kHint) != 0) {
        position(m.hint);
    }
    if ((parts & kReadId) != 0) {
        out.varint(m.read_id);
    }
    if ((parts & kContext) != 0) {
        out.fixed(m.context);
    }
    if ((parts & kSentAt) != 0) {
        out.fixed(static_cast<std::uint64_t>(m.sent_at.time_since_epoch().count()));
    }
    if ((parts & kLease) != 0) {
        out.varint(static_cast<std::uint64_t>(m.lease.count()));
    }
    if ((parts & kCeiling) != 0) {
        m.ceiling.encode(out);
    }
    if ((parts & kHeldByAll) != 0) {
        out.varint(m.held_by_all);
    }
}

base::Result<Message> decode_message(base::Decoder& in) {
    static_cast<void>(TRY(in.version(kVersion)));
    Message m;
    const auto kind = TRY(in.fixed<std::uint8_t>());
    if (kind < 1 || kind > kMessageKindMax) {
        return malformed("is of kind " + std::to_string(kind) + "; known are 1 to " +
                         std::to_string(kMessageKindMax));
    }
    m.kind = static_cast<MessageKind>(kind);
    m.from = ReplicaId{TRY(in.varint())};
    m.to = ReplicaId{TRY(in.varint())};
    m.term = TRY(decode_count(in));
    const std::uint64_t parts = TRY(in.varint());
    if (parts >= kBeyond || m.from == kNobody || m.to == kNobody) {
        return malformed("is from or to nobody, or has parts that are not known");
    }
    if ((parts & kAt) != 0) {
        m.at = TRY(decode_position(in));
    }
    if ((parts & kCommit) != 0) {
        m.commit = TRY(decode_count(in));
    }
    if ((parts & kEntries) != 0) {
        m.entries = TRY(decode_entries(in, m));
    }
    TRY(decode_numbers(in, parts, m));
    m.rejected = (parts & kRejected) != 0;
    m.forgot = (parts & kForgot) != 0;
    m.forced = (parts & kForced) != 0;
    if (parts_of(m) != parts) {
        return malformed("has a part that is at its default");
    }
    return m;
}

}  // namespace distkv::raft
