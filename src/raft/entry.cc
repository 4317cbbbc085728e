#include "raft/entry.h"

#include "base/codec.h"

namespace distkv::raft {

namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

base::Bytes encode_for_log(const Entry& entry) {
    base::Encoder out;
    out.fixed(kVersion);
    out.fixed(static_cast<std::uint8_t>(entry.kind));
    out.raw(entry.body.view());
    return std::move(out).take();
}

base::Result<Entry> decode_from_log(Position position, base::ByteView record_body) {
    base::Decoder in(record_body);
    static_cast<void>(TRY(in.version(kVersion)));
    const auto kind = TRY(in.fixed<std::uint8_t>());
    if (kind < 1 || kind > static_cast<std::uint8_t>(EntryKind::kMembership)) {
        return base::fail(base::Errc::kCorrupt, "entry " + std::to_string(position.index) +
                                                    " is of kind " + std::to_string(kind) +
                                                    "; known are 1 to 3");
    }
    return Entry{position.index, position.term, static_cast<EntryKind>(kind),
                 Body(base::Bytes(in.rest()))};
}

}  // namespace distkv::raft
