#include "storage_memory/memory_journal.h"

#include <cstring>
#include <utility>

#include "base/codec.h"
#include "base/crc32c.h"

namespace distkv::storage_memory::journal {

using base::Bytes;
using base::ByteView;
using base::Decoder;
using base::Encoder;
using base::Errc;
using base::fail;
using base::Result;

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFrameBytes = sizeof(std::uint32_t) + sizeof(std::uint64_t);
constexpr std::uint64_t kMarkMagic = 0x6b72614d64635953;  // "SYcdMark"

// What a record of this kind begins with, up to the end of its body.
Bytes framed(Record::Kind kind, const Encoder& body) {
    Encoder covered;
    covered.fixed<std::uint64_t>(2 + body.view().size());
    covered.fixed(kVersion);
    covered.fixed(static_cast<std::uint8_t>(kind));
    covered.raw(body.view());
    Encoder out;
    out.fixed(base::crc32c(covered.view()));
    out.raw(covered.view());
    return std::move(out).take();
}

Result<Batch> read_changes(Decoder& in) {
    const std::uint64_t count = TRY(in.varint());
    Batch batch;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto kind = TRY(in.fixed<std::uint8_t>());
        Bytes key(TRY(in.bytes(in.rest().size())));
        Bytes value(TRY(in.bytes(in.rest().size())));
        switch (kind) {
            case static_cast<std::uint8_t>(Batch::Kind::kPut):
                batch.put(std::move(key), std::move(value));
                break;
            case static_cast<std::uint8_t>(Batch::Kind::kRemove):
                batch.remove(std::move(key));
                break;
            case static_cast<std::uint8_t>(Batch::Kind::kRemoveRange):
                batch.remove_range(std::move(key), std::move(value));
                break;
            default:
                return fail(Errc::kCorrupt, "a change of unknown kind " + std::to_string(kind));
        }
    }
    return batch;
}

Result<void> read_body(Decoder& in, Record& record) {
    switch (record.kind) {
        case Record::Kind::kBatch:
            record.sequence = TRY(in.fixed<std::uint64_t>());
            record.batch = TRY(read_changes(in));
            return in.finish();
        case Record::Kind::kMark:
            if (TRY(in.fixed<std::uint64_t>()) != kMarkMagic) {
                return fail(Errc::kCorrupt, "a mark without its magic number");
            }
            record.offset = TRY(in.fixed<std::uint64_t>());
            return in.finish();
        case Record::Kind::kHeader:
            record.generation = TRY(in.fixed<std::uint64_t>());
            record.sequence = TRY(in.fixed<std::uint64_t>());
            return in.finish();
        case Record::Kind::kEnd:
            record.entries = TRY(in.fixed<std::uint64_t>());
            return in.finish();
    }
    return fail(Errc::kCorrupt,
                "a record of unknown kind " + std::to_string(static_cast<int>(record.kind)));
}

}  // namespace

Bytes batch_record(std::uint64_t sequence, const Batch& batch) {
    Encoder body;
    body.fixed(sequence);
    body.varint(batch.changes().size());
    for (const Batch::Change& change : batch.changes()) {
        body.fixed(static_cast<std::uint8_t>(change.kind));
        body.bytes(change.key);
        body.bytes(change.value);
    }
    return framed(Record::Kind::kBatch, body);
}

Bytes mark_record(std::uint64_t offset) {
    Encoder body;
    body.fixed(kMarkMagic);
    body.fixed(offset);
    return framed(Record::Kind::kMark, body);
}

Bytes header_record(std::uint64_t generation, std::uint64_t sequence) {
    Encoder body;
    body.fixed(generation);
    body.fixed(sequence);
    return framed(Record::Kind::kHeader, body);
}

Bytes end_record(std::uint64_t entries) {
    Encoder body;
    body.fixed(entries);
    return framed(Record::Kind::kEnd, body);
}

Result<Record> read_record(ByteView input) {
    Decoder frame(input);
    const auto crc = TRY(frame.fixed<std::uint32_t>());
    const auto length = TRY(frame.fixed<std::uint64_t>());
    if (length > frame.rest().size()) {
        return fail(Errc::kCorrupt, "a record of " + std::to_string(length) + " bytes where " +
                                        std::to_string(frame.rest().size()) + " are left");
    }
    if (base::crc32c(input.substr(sizeof crc, sizeof length + length)) != crc) {
        return fail(Errc::kCorrupt, "a record does not match its checksum");
    }
    Decoder in(frame.rest().substr(0, length));
    static_cast<void>(TRY(in.version(kVersion)));
    Record record;
    record.kind = static_cast<Record::Kind>(TRY(in.fixed<std::uint8_t>()));
    TRY(read_body(in, record));
    record.bytes = kFrameBytes + length;
    return record;
}

std::optional<std::uint64_t> find_mark(ByteView file, std::uint64_t from) {
    char magic[sizeof kMarkMagic];
    std::memcpy(magic, &kMarkMagic, sizeof magic);
    constexpr std::size_t kBefore = kFrameBytes + 2;  // Version and kind.
    for (std::size_t at = file.find(ByteView(magic, sizeof magic), from + kBefore);
         at != ByteView::npos; at = file.find(ByteView(magic, sizeof magic), at + 1)) {
        const std::uint64_t start = at - kBefore;
        // A value may contain what looks like a mark, but hardly one of its own place.
        const auto record = read_record(file.substr(start));
        if (record && record->kind == Record::Kind::kMark && record->offset == start) {
            return start;
        }
    }
    return std::nullopt;
}

}  // namespace distkv::storage_memory::journal
