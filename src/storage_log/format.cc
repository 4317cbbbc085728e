#include "storage_log/format.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/limits.h"

namespace distkv::storage_log {

using base::Bytes;
using base::ByteView;
using base::Decoder;
using base::Encoder;

namespace {

constexpr std::uint32_t kSegmentMagic = 0x53564b44;  // "DKVS"
constexpr std::uint32_t kBlockMagic = 0x42564b44;    // "DKVB"
constexpr std::size_t kCrcBytes = 4;

template <class T>
void put(char* to, T value) {
    std::memcpy(to, &value, sizeof value);
}

template <class T>
T get(ByteView bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// Takes the place into the sum, so that bytes which belong elsewhere (an old block that a lost
// write uncovered, a copy of a log inside a value) are not taken for ours.
std::uint32_t placed_crc(ByteView bytes, std::uint64_t log_id, Place at) {
    const std::uint64_t place[] = {log_id, at.segment, at.offset};
    return base::crc32c(bytes, base::crc32c({reinterpret_cast<const char*>(place), sizeof place}));
}

void encode_summary(Encoder& out, const Summary& summary) {
    out.varint(summary.of.segment);
    out.varint(summary.of.offset);
    out.varint(summary.lines.size());
    for (const SummaryLine& line : summary.lines) {
        out.fixed(static_cast<std::uint8_t>(line.kind));
        out.varint(line.group.value);
        out.varint(line.first);
        out.varint(line.last - line.first);
    }
}

base::Result<Summary> decode_summary(ByteView bytes) {
    Decoder in(bytes);
    Summary summary;
    summary.of.segment = TRY(in.varint());
    summary.of.offset = TRY(in.varint());
    const std::uint64_t count = TRY(in.varint());
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto kind = TRY(in.fixed<std::uint8_t>());
        const std::uint64_t group = TRY(in.varint());
        const std::uint64_t first = TRY(in.varint());
        const std::uint64_t more = TRY(in.varint());
        if (kind < 1 || kind > kRecordKindMax || more > UINT64_MAX - first) {
            return base::fail(base::Errc::kCorrupt, "a line of a summary that nobody writes");
        }
        summary.lines.push_back({static_cast<RecordKind>(kind), {group}, first, first + more});
    }
    TRY(in.finish());
    return summary;
}

}  // namespace

std::string_view name_of(RecordKind kind) {
    constexpr std::string_view kNames[] = {"?",   "entry",      "copy", "truncate",
                                           "cut", "hard_state", "note", "forget"};
    static_assert(std::size(kNames) == kRecordKindMax + 1);
    return kNames[static_cast<std::size_t>(kind)];
}

std::string to_string(const Place& place) {
    return "segment " + std::to_string(place.segment) + " at " + std::to_string(place.offset);
}

// ---- segments

Bytes encode_segment_header(const SegmentHeader& header) {
    Bytes copy(kSegmentHeaderBytes, '\0');
    put(copy.data() + 4, kSegmentMagic);
    put(copy.data() + 8, header.log_id);
    put(copy.data() + 16, header.number);
    put(copy.data() + 24, kFormatVersion);
    put(copy.data() + 32, header.bytes_before);
    put(copy.data(), base::crc32c(ByteView(copy).substr(kCrcBytes)));
    return copy + copy;
}

base::Result<SegmentHeader> decode_segment_header(ByteView bytes) {
    for (std::size_t at = 0; at + kSegmentHeaderBytes <= bytes.size() && at < kFirstBlockAt;
         at += kSegmentHeaderBytes) {
        const ByteView copy = bytes.substr(at, kSegmentHeaderBytes);
        if (get<std::uint32_t>(copy, 0) != base::crc32c(copy.substr(kCrcBytes)) ||
            get<std::uint32_t>(copy, 4) != kSegmentMagic) {
            continue;
        }
        const auto version = get<std::uint32_t>(copy, 24);
        if (version != kFormatVersion) {
            return base::fail(base::Errc::kInvalid,
                              "a log segment of format " + std::to_string(version) +
                                  "; this program knows format " + std::to_string(kFormatVersion));
        }
        return SegmentHeader{get<std::uint64_t>(copy, 8), get<std::uint64_t>(copy, 16),
                             get<std::uint64_t>(copy, 32)};
    }
    return base::fail(base::Errc::kCorrupt, "no valid header at the beginning of a log segment");
}

// ---- blocks

void summarise(std::vector<SummaryLine>& lines, const Record& record) {
    if (!lines.empty()) {
        SummaryLine& line = lines.back();
        if (line.kind == record.kind && line.group == record.group &&
            line.last + 1 == record.index) {
            line.last = record.index;
            return;
        }
    }
    lines.push_back({record.kind, record.group, record.index, record.index});
}

BlockBuilder::BlockBuilder(std::uint64_t log_id, Place at, const Summary& about_the_block_before)
    : log_id_(log_id), at_(at) {
    Encoder said;
    encode_summary(said, about_the_block_before);
    bytes_.resize(kBlockHeaderBytes);
    put(bytes_.data() + 4, kBlockMagic);
    put(bytes_.data() + 8, log_id_);
    put(bytes_.data() + 16, at_.segment);
    put(bytes_.data() + 24, at_.offset);
    put(bytes_.data() + 40, static_cast<std::uint32_t>(said.view().size()));
    bytes_ += said.view();
    records_at_ = bytes_.size();
}

Place BlockBuilder::add(const Record& record) {
    CHECK(record.body.size() <= base::limits::kLogRecordBytesMax);
    const std::size_t start = bytes_.size();
    const Place place{at_.segment, at_.offset + start};
    bytes_.resize(start + kRecordHeaderBytes);
    char* const header = bytes_.data() + start;
    put(header + 4, base::crc32c(record.body));
    put(header + 8, static_cast<std::uint32_t>(record.body.size()));
    header[12] = static_cast<char>(record.kind);
    put(header + 16, record.group.value);
    put(header + 24, record.index);
    put(header + 32, record.term);
    const ByteView summed(header + kCrcBytes, kRecordHeaderBytes - kCrcBytes);
    put(header, placed_crc(summed, log_id_, place));
    bytes_ += record.body;
    ++count_;
    summarise(lines_, record);
    return place;
}

Bytes BlockBuilder::finish(Summary& summary) {
    put(bytes_.data() + 32, static_cast<std::uint32_t>(bytes_.size() - records_at_));
    put(bytes_.data() + 36, count_);
    const ByteView summed = ByteView(bytes_).substr(kCrcBytes, records_at_ - kCrcBytes);
    put(bytes_.data(), base::crc32c(summed));
    bytes_.resize((bytes_.size() + kBlockAlignment - 1) & ~(kBlockAlignment - 1));
    summary = {at_, std::move(lines_)};
    return std::move(bytes_);
}

std::optional<BlockHeader> parse_block(ByteView bytes, Place at) {
    if (bytes.size() < kBlockHeaderBytes || get<std::uint32_t>(bytes, 4) != kBlockMagic ||
        get<std::uint64_t>(bytes, 16) != at.segment || get<std::uint64_t>(bytes, 24) != at.offset) {
        return std::nullopt;
    }
    const std::size_t said = get<std::uint32_t>(bytes, 40);
    if (said > bytes.size() - kBlockHeaderBytes) {
        return std::nullopt;
    }
    const ByteView summed = bytes.substr(kCrcBytes, kBlockHeaderBytes - kCrcBytes + said);
    if (get<std::uint32_t>(bytes, 0) != base::crc32c(summed)) {
        return std::nullopt;
    }
    auto summary = decode_summary(bytes.substr(kBlockHeaderBytes, said));
    if (!summary) {
        return std::nullopt;
    }
    return BlockHeader{get<std::uint64_t>(bytes, 8), kBlockHeaderBytes + said,
                       get<std::uint32_t>(bytes, 32), get<std::uint32_t>(bytes, 36),
                       std::move(*summary)};
}

// ---- records

ParsedRecord parse_record(ByteView bytes, std::uint64_t log_id, Place at) {
    ParsedRecord parsed;
    if (bytes.size() < kRecordHeaderBytes) {
        return parsed;
    }
    const ByteView summed = bytes.substr(kCrcBytes, kRecordHeaderBytes - kCrcBytes);
    const auto kind = static_cast<std::uint8_t>(bytes[12]);
    if (get<std::uint32_t>(bytes, 0) != placed_crc(summed, log_id, at) || kind < 1 ||
        kind > kRecordKindMax) {
        return parsed;
    }
    const std::size_t body_bytes = get<std::uint32_t>(bytes, 8);
    parsed.record = {static_cast<RecordKind>(kind),
                     {get<std::uint64_t>(bytes, 16)},
                     get<std::uint64_t>(bytes, 24),
                     get<std::uint64_t>(bytes, 32),
                     {}};
    parsed.size = kRecordHeaderBytes + body_bytes;
    const ByteView body = bytes.substr(kRecordHeaderBytes, body_bytes);
    if (body.size() < body_bytes || base::crc32c(body) != get<std::uint32_t>(bytes, 4)) {
        parsed.state = ParsedRecord::State::kBodyDamaged;
        return parsed;
    }
    parsed.record.body = body;
    parsed.state = ParsedRecord::State::kWhole;
    return parsed;
}

Bytes encode_hard_state(const HardState& state) {
    Encoder out;
    out.fixed(std::uint8_t{1});  // Version.
    out.varint(state.vote);
    out.varint(state.commit);
    return std::move(out).take();
}

base::Result<HardState> decode_hard_state(const Record& record) {
    Decoder in(record.body);
    static_cast<void>(TRY(in.version(1)));
    HardState state{.term = record.term};
    state.vote = TRY(in.varint());
    state.commit = TRY(in.varint());
    TRY(in.finish());
    return state;
}

}  // namespace distkv::storage_log
