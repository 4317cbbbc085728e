#include "shard/snapshot_file.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using world::Task;

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;

}  // namespace

Task<Result<void>> FileSink::write(base::Bytes piece) {
    size_ += piece.size();
    crc_ = base::crc32c(piece, crc_);
    co_return co_await file_.append(std::move(piece));
}

Task<Result<base::Bytes>> FileSource::read(std::size_t bytes_max) {
    const std::size_t wanted = std::min<std::uint64_t>({bytes_max, kReadBytes, size_ - at_});
    base::Bytes piece = CO_TRY(co_await file_.read(at_, wanted));
    if (piece.size() != wanted) {
        co_return base::fail(Errc::kCorrupt, "a snapshot's file is shorter than it was");
    }
    at_ += wanted;
    co_return piece;
}

Task<Result<void>> verify(world::File& file, std::uint64_t size, std::uint32_t crc) {
    FileSource source(file, size);
    std::uint32_t found = 0;
    for (;;) {
        const base::Bytes piece = CO_TRY(co_await source.read(kReadBytes));
        if (piece.empty()) {
            break;
        }
        found = base::crc32c(piece, found);
    }
    if (found != crc) {
        co_return base::fail(Errc::kCorrupt, "the checksum of a snapshot does not match");
    }
    co_return Result<void>();
}

}  // namespace distkv::shard
