// What a log does at its start: reads itself, reports damage, cuts the tail, and makes sure that
// what it goes on from is on the disk.
#include <utility>

#include "base/mutant.h"
#include "storage_log/log.h"
#include "storage_log/segments.h"

namespace distkv::storage_log {

using base::Bytes;
using base::Errc;
using base::Result;
using world::Task;

namespace {

constexpr int kReadAttempts = 8;
constexpr std::size_t kReadBytes = std::size_t{16} << 20;
}  // namespace

// A segment that was there at the start.
struct Log::OldSegment {
    SegmentFacts facts;
    std::shared_ptr<world::File> file;
};

Task<Result<void>> Log::recover() {
    std::vector<OldSegment> old = CO_TRY(co_await open_segments());
    std::vector<SegmentFacts> facts;
    for (const OldSegment& segment : old) {
        facts.push_back(segment.facts);
    }
    log_id_ = log_id_of(facts);
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
    // Names sort as their numbers do.
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
        if (const auto number = segment_number(name)) {
            std::shared_ptr<world::File> file =
                CO_TRY(co_await world_.disk().open(path_of(*number), world::OpenMode::kExisting));
            const Bytes bytes = CO_TRY(co_await read_all(*file));
            old.push_back({CO_TRY(look_at_segment(*number, bytes)), std::move(file)});
        }
    }
    co_return old;
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

// The newest segment may have been under way.
Task<Result<void>> Log::drop_unborn_segment(std::vector<OldSegment>& old) {
    if (old.empty() || !old.back().facts.unborn()) {
        co_return Result<void>();
    }
    recovery_.tail_bytes_cut += old.back().file->size();
    CO_TRY(co_await world_.disk().remove(path_of(old.back().facts.number)));
    CO_TRY(co_await world_.disk().sync_directory(options_.directory));
    old.pop_back();
    co_return Result<void>();
}

Task<Result<void>> Log::scan(std::vector<OldSegment> old) {
    for (const OldSegment& segment : old) {
        segments_[segment.facts.number] = {segment.file, segment.file->size(), {}};
    }
    Scanner scanner(
        log_id_,
        [this](const Scanner::Found& found) {
            ++recovery_.records;
            apply(found.record, found.at, found.size);
        },
        [this](const Damage& damage) { take_damage(damage); });
    for (std::size_t i = 0; i < old.size(); ++i) {
        const SegmentFacts& facts = old[i].facts;
        const bool last = i + 1 == old.size();
        Bytes bytes = CO_TRY(co_await read_all(*old[i].file));
        trim_by_the_next(facts, last ? nullptr : &old[i + 1].facts, bytes);
        segments_[facts.number].bytes = bytes.size();
        scan_segment(scanner, facts, i == 0 ? nullptr : &old[i - 1].facts, bytes,
                     last || MUTANT(log_takes_damage_for_tail));
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
    // Its header may be damaged, so that is not asked.
    const auto previous = segments_.find(newest.facts.number - 1);
    const std::uint64_t before = previous == segments_.end() ? 0 : previous->second.bytes;
    CO_TRY(co_await file.write(0, encode_segment_header({log_id_, newest.facts.number, before})));
    if (const auto last_block = scanner.last_block()) {
        CO_TRY(co_await file.write(*last_block, bytes.substr(*last_block, valid - *last_block)));
    }
    CO_TRY(co_await file.sync());
    CO_TRY(co_await world_.disk().sync_directory(options_.directory));
    segments_[newest.facts.number].bytes = valid;
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
