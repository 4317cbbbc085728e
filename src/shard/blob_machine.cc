#include "shard/blob_machine.h"

#include <utility>

#include "base/codec.h"
#include "base/crc32c.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using world::Task;

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kBlobBytesMax = std::size_t{16} << 20;
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

}  // namespace

// byte version, bytes mark, bytes state, u32 crc32c of all before
base::Bytes BlobMachine::encode_whole() const {
    base::Encoder out;
    out.fixed(kVersion);
    out.bytes(encode_mark(mark_));
    out.bytes(encode());
    out.fixed(base::crc32c(out.view()));
    return std::move(out).take();
}

// What is here stays when the file is not what it should be.
Result<void> BlobMachine::decode_whole(base::ByteView file, const Mark* said) {
    base::Decoder in(file);
    static_cast<void>(TRY(in.version(kVersion)));
    Mark mark = TRY(decode_mark(TRY(in.bytes(kBlobBytesMax))));
    const base::ByteView state = TRY(in.bytes(kBlobBytesMax));
    const std::uint32_t expected = base::crc32c(file.substr(0, file.size() - in.rest().size()));
    const auto found = TRY(in.fixed<std::uint32_t>());
    TRY(in.finish());
    if (found != expected) {
        return base::fail(Errc::kCorrupt, "the checksum of the state does not match");
    }
    if (said != nullptr && mark != *said) {
        return base::fail(Errc::kCorrupt, "a snapshot is not of the moment it is said to be");
    }
    clear();
    mark_ = {};
    TRY(decode(state));
    mark_ = std::move(mark);
    return {};
}

Task<Result<Mark>> BlobMachine::open() {
    clear();
    mark_ = {};
    const Result<base::Bytes> file = co_await world_.disk().read_all(path_, 2 * kBlobBytesMax);
    if (file) {
        CO_TRY(decode_whole(*file, nullptr));
    } else if (file.error().code != Errc::kNotFound) {
        co_return std::unexpected(file.error());
    }
    co_return mark_;
}

Result<void> BlobMachine::apply(std::span<const raft::Entry> entries, const Mark& after) {
    for (const raft::Entry& entry : entries) {
        if (entry.kind == raft::EntryKind::kNormal) {
            apply(entry);
        }
    }
    mark_ = after;
    return {};
}

Task<Result<Mark>> BlobMachine::flush() {
    Mark mark = mark_;
    CO_TRY(co_await world_.disk().replace(path_, encode_whole()));
    co_return mark;
}

Task<Result<Mark>> BlobMachine::save(Sink& sink) {
    Mark mark = mark_;
    const base::Bytes whole = encode_whole();
    for (std::size_t at = 0; at < whole.size(); at += kPieceBytes) {
        CO_TRY(co_await sink.write(whole.substr(at, kPieceBytes)));
    }
    co_return mark;
}

Task<Result<void>> BlobMachine::load(Source& source, const Mark& mark) {
    base::Bytes whole;
    for (;;) {
        const base::Bytes piece = CO_TRY(co_await source.read(kPieceBytes));
        if (piece.empty()) {
            break;
        }
        whole.append(piece);
        if (whole.size() > 2 * kBlobBytesMax) {
            co_return base::fail(Errc::kInvalid, "a snapshot is larger than this machine takes");
        }
    }
    CO_TRY(decode_whole(whole, &mark));
    co_return co_await world_.disk().replace(path_, std::move(whole));
}

Task<Result<void>> BlobMachine::destroy() {
    clear();
    mark_ = {};
    const Result<void> removed = co_await world_.disk().remove(path_);
    if (!removed && removed.error().code != Errc::kNotFound) {
        co_return removed;
    }
    const std::size_t slash = path_.rfind('/');
    const Result<void> synced = co_await world_.disk().sync_directory(
        slash == std::string::npos ? "" : path_.substr(0, slash));
    if (!synced && synced.error().code != Errc::kNotFound) {
        co_return synced;
    }
    co_return Result<void>();
}

}  // namespace distkv::shard
