#include "crdt/summary.h"

#include <algorithm>

#include "base/codec.h"

namespace distkv::crdt {

namespace {
constexpr std::uint8_t kVersion = 1;
}

base::Bytes encode_summary(const Summary& summary) {
    base::Encoder out;
    out.fixed(kVersion);
    out.fixed(static_cast<std::uint8_t>(summary.uncounted ? 1 : 0));
    out.varint(kTypes - static_cast<std::size_t>(std::ranges::count(summary.live, 0U)));
    for (std::uint8_t type = 0; type < kTypes; ++type) {
        if (summary.live[type] > 0) {
            out.fixed(type);
            out.varint(summary.live[type]);
        }
    }
    summary.written.encode(out);
    return std::move(out).take();
}

base::Result<Summary> decode_summary(base::ByteView bytes) {
    base::Decoder in(bytes);
    Summary summary;
    static_cast<void>(TRY(in.version(kVersion)));
    const std::uint8_t uncounted = TRY(in.fixed<std::uint8_t>());
    if (uncounted > 1) {
        return base::fail(base::Errc::kCorrupt, "a summary with an unknown flag");
    }
    summary.uncounted = uncounted == 1;
    const std::uint64_t count = TRY(in.varint());
    int last = -1;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint8_t type = TRY(in.fixed<std::uint8_t>());
        const std::uint64_t live = TRY(in.varint());
        if (type <= last || type >= kTypes || live == 0) {
            return base::fail(base::Errc::kCorrupt, "a summary whose types do not ascend");
        }
        summary.live[type] = live;
        last = type;
    }
    summary.written = TRY(model::VersionVector::decode(in));
    TRY(in.finish());
    return summary;
}

}  // namespace distkv::crdt
