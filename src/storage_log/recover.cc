// What a log does at its start: reads itself, reports damage, cuts the tail, and makes sure that
// what it goes on from is on the disk.
#include <algorithm>
#include <charconv>
#include <utility>

#include "base/mutant.h"
#include "storage_log/log.h"

namespace distkv::storage_log {

using base::Bytes;
using base::Errc;
using base::Result;
using world::Task;

namespace {

constexpr int kReadAttempts = 8;
constexpr std::size_t kReadBytes = std::size_t{16} << 20;
constexpr std::size_t kNameBytes = 16 + 4;  // Sixteen digits and ".log".

std::optional<std::uint64_t> number_of(std::string_view name) {
    std::uint64_t number = 0;
    if (name.size() != kNameBytes || !name.ends_with(".log")) {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(name.data(), name.data() + 16, number, 16);
    return error == std::errc() && end == name.data() + 16 ? std::optional(number) : std::nullopt;
}

// The id in the first valid block, if there is one.
std::optional<std::uint64_t> log_id_in_blocks(base::ByteView bytes, std::uint64_t number) {
    for (std::size_t at = kFirstBlockAt; at + kBlockHeaderBytes <= bytes.size();
         at += kBlockAlignment) {
        if (const auto block = parse_block(bytes.substr(at), {number, at})) {
            return block->log_id;
        }
    }
    return std::nullopt;
}

}  // namespace

// A segment that was there at the start.
struct Log::OldSegment {
    std::uint64_t number = 0;
    std::shared_ptr<world::File> file;
    std::optional<SegmentHeader> header;        // None: damaged.
    std::optional<std::uint64_t> id_in_blocks;  // Looked for when the header is damaged.
};

Task<Result<void>> Log::recover() {
    std::vector<OldSegment> old = CO_TRY(co_await open_segments());
    find_log_id(old);
    CO_TRY(co_await drop_unborn_segment(old));
    if (log_id_ == 0) {
        log_id_ = world_.rng().next() | 1U;  // Never zero.
    }
    if (!old.empty()) {
        CO_TRY(co_await scan(std::move(old)));
    }
    recovery_.segments = segments_.size();
    co_return Result<void>();
}

Task<Result<std::vector<Log::OldSegment>>> Log::open_segments() {
    std::vector<OldSegment> old;
    const auto names = co_await world_.disk().list(options_.directory);
    if (!names && names.error().code != Errc::kNotFound) {
        co_return std::unexpected(names.error());
    }
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
        if (const auto number = number_of(name)) {
            old.push_back(CO_TRY(co_await open_segment(*number)));
        }
    }
    std::ranges::sort(old, {}, &OldSegment::number);
    co_return old;
}

Task<Result<Log::OldSegment>> Log::open_segment(std::uint64_t number) {
    OldSegment segment{.number = number, .file = {}, .header = {}, .id_in_blocks = {}};
    segment.file = CO_TRY(co_await world_.disk().open(path_of(number), world::OpenMode::kExisting));
    const Bytes bytes = CO_TRY(co_await read_all(*segment.file));
    const auto header = decode_segment_header(bytes);
    if (!header && header.error().code == Errc::kInvalid) {
        co_return base::fail(Errc::kInvalid, path_of(number) + ": " + header.error().detail);
    }
    if (header && header->number == number) {
        segment.header = *header;
    } else {
        segment.id_in_blocks = log_id_in_blocks(bytes, number);
    }
    co_return segment;
}

Task<Result<Bytes>> Log::read_all(world::File& file) {
    Bytes bytes;
    for (int failures = 0; bytes.size() < file.size();) {
        const auto piece = co_await file.read(bytes.size(), kReadBytes);
        if (piece && piece->empty()) {
            break;
        }
        if (piece) {
            bytes += *piece;
        } else if (++failures == kReadAttempts) {
            co_return std::unexpected(piece.error());
        }
    }
    co_return bytes;
}

void Log::find_log_id(const std::vector<OldSegment>& old) {
    for (const OldSegment& segment : old) {
        if (segment.header) {
            log_id_ = segment.header->log_id;
            return;
        }
    }
    for (const OldSegment& segment : old) {
        if (segment.id_in_blocks) {
            log_id_ = *segment.id_in_blocks;
            return;
        }
    }
}

// The newest segment may have been under way: its header is made durable before its first block is
// begun, so without either nothing in it was ever acknowledged.
Task<Result<void>> Log::drop_unborn_segment(std::vector<OldSegment>& old) {
    if (old.empty() || old.back().header || old.back().id_in_blocks) {
        co_return Result<void>();
    }
    recovery_.tail_bytes_cut += old.back().file->size();
    CO_TRY(co_await world_.disk().remove(path_of(old.back().number)));
    CO_TRY(co_await world_.disk().sync_directory(options_.directory));
    old.pop_back();
    co_return Result<void>();
}

Task<Result<void>> Log::scan(std::vector<OldSegment> old) {
    for (const OldSegment& segment : old) {
        segments_[segment.number] = {segment.file, segment.file->size(), {}};
    }
    Scanner scanner(
        log_id_,
        [this](const Scanner::Found& found) {
            ++recovery_.records;
            apply(found.record, found.at, found.size);
        },
        [this](const Damage& damage) { take_damage(damage); });
    for (std::size_t i = 0; i < old.size(); ++i) {
        const bool last = i + 1 == old.size();
        Bytes bytes = CO_TRY(co_await read_all(*old[i].file));
        for (std::uint64_t gone = old[i].number; i > 0 && --gone > old[i - 1].number;) {
            scanner.lost_segment(gone, 0);
        }
        if (!last && old[i + 1].header && old[i + 1].number == old[i].number + 1) {
            // What is missing of it shows as damage, what is beyond was never begun.
            bytes.resize(old[i + 1].header->bytes_before);
        }
        segments_[old[i].number].bytes = bytes.size();
        scanner.segment(old[i].number, bytes, last || MUTANT(log_takes_damage_for_tail));
        if (last) {
            scanner.finish();
            CO_TRY(co_await secure_tail(old[i], std::move(bytes), scanner));
        }
    }
    summary_ = scanner.summary();
    co_return Result<void>();
}

// The last block may be in the memory of the machine only (the process was killed, or a sync had
// failed): whatever a reader has seen of it is written again before anybody relies on it. What
// stands behind it was never acknowledged.
Task<Result<void>> Log::secure_tail(OldSegment& newest, Bytes bytes, const Scanner& scanner) {
    world::File& file = *newest.file;
    const std::uint64_t valid = scanner.valid_bytes();
    if (file.size() > valid) {
        recovery_.tail_bytes_cut += file.size() - valid;
        CO_TRY(co_await file.truncate(valid));
    }
    const std::uint64_t before = newest.header ? newest.header->bytes_before : 0;
    CO_TRY(co_await file.write(0, encode_segment_header({log_id_, newest.number, before})));
    if (const auto last_block = scanner.last_block()) {
        CO_TRY(co_await file.write(*last_block, bytes.substr(*last_block, valid - *last_block)));
    }
    CO_TRY(co_await file.sync());
    CO_TRY(co_await world_.disk().sync_directory(options_.directory));
    segments_[newest.number].bytes = valid;
    covered_ = false;
    co_return Result<void>();
}

void Log::take_damage(const Damage& damage) {
    world_.log().error("log_damaged", {{"what", damage}});
    for (const SummaryLine& line : damage.lost) {
        if (line.kind == RecordKind::kForget) {
            apply(forget(line.group), {}, 0);  // Its header said it all.
        } else {
            group(line.group).lose(line, damage.at, *this);
        }
    }
    recovery_.damage.push_back(damage);
}

}  // namespace distkv::storage_log
