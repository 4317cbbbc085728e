#include "gossip/ceiling_file.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"
#include "base/crc32c.h"

namespace distkv::gossip {

using base::Errc;
using base::Result;
using world::Task;

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFileBytesMax = 64;

}  // namespace

base::Bytes encode_ceiling(time::Hlc ceiling) {
    base::Encoder out;
    out.fixed(kVersion);
    ceiling.encode(out);
    out.fixed(base::crc32c(out.view()));
    return std::move(out).take();
}

Result<time::Hlc> decode_ceiling(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));  // There is only one so far.
    const time::Hlc ceiling = TRY(time::Hlc::decode(in));
    const std::uint32_t expected = base::crc32c(bytes.substr(0, bytes.size() - in.rest().size()));
    const std::uint32_t found = TRY(in.fixed<std::uint32_t>());
    TRY(in.finish());
    if (found != expected) {
        return base::fail(Errc::kCorrupt, "the checksum of a clock ceiling does not match");
    }
    return ceiling;
}

CeilingFile::CeilingFile(world::World& world, const std::string& name)
    : world_(world), copies_{name + ".a", name + ".b"} {}

Task<Result<time::Hlc>> CeilingFile::load() {
    const Result<time::Hlc> a = co_await load_copy(copies_[0]);
    const Result<time::Hlc> b = co_await load_copy(copies_[1]);
    if (a && b) {
        co_return std::max(*a, *b);
    }
    if (a || b) {
        co_return a ? *a : *b;
    }
    if (a.error().code == Errc::kNotFound && b.error().code == Errc::kNotFound) {
        co_return time::Hlc{};
    }
    co_return base::fail(Errc::kCorrupt,
                         "both copies of the clock ceiling are unreadable (" + a.error().detail +
                             "; " + b.error().detail +
                             "): without it this node could stamp below what it stamped before. "
                             "Give it a new identity, or restore the file");
}

Task<Result<time::Hlc>> CeilingFile::load_copy(std::string path) {
    const base::Bytes bytes =
        CO_TRY(co_await world_.disk().read_all(std::move(path), kFileBytesMax));
    co_return decode_ceiling(bytes);
}

Task<Result<void>> CeilingFile::save(time::Hlc ceiling) {
    for (const std::string& copy : copies_) {
        CO_TRY(co_await world_.disk().replace(copy, encode_ceiling(ceiling)));
    }
    co_return Result<void>();
}

}  // namespace distkv::gossip
