// The one writer: takes what waits, writes it as a block, syncs once, tells everybody.
#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "storage_log/log.h"
#include "world/deadline.h"

namespace distkv::storage_log {

using base::Errc;
using base::Error;
using base::Result;
using world::Task;

// A task in write(): found by its number when the answer comes, gone when it was cancelled.
struct Log::Waiting {
    explicit Waiting(Log& owner)
        : log(owner), number(++owner.writes_), changed(owner.world_.scheduler()) {
        log.waiting_[number] = this;
    }
    ~Waiting() { log.waiting_.erase(number); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    Log& log;
    std::uint64_t number;
    std::optional<Result<void>> answer;
    world::Signal changed;
};

void Log::submit(std::vector<Record> records, Done done) {
    if (failed_) {
        done(std::unexpected(*failed_));
        return;
    }
    queue_.push_back({std::move(records), std::move(done)});
    work_.wake_all();
}

Task<Result<void>> Log::write(std::vector<Record> records) {
    Waiting waiting(*this);
    submit(std::move(records), [this, number = waiting.number](const Result<void>& answer) {
        if (const auto found = waiting_.find(number); found != waiting_.end()) {
            found->second->answer = answer;
            found->second->changed.wake_all();
        }
    });
    while (!waiting.answer) {
        co_await waiting.changed.wait();
    }
    co_return *waiting.answer;
}

Task<Error> Log::run() {
    for (;;) {
        Result<void> done;
        if (!queue_.empty()) {
            done = co_await write_batch();
        } else if (wants_collection()) {
            done = co_await collect();
        } else if (!co_await wait_for_work() && !covered_) {
            BlockBuilder nothing;
            done = co_await write_block(nothing);
            if (done) {
                covered_ = true;
            } else if (done.error().code == Errc::kFull) {
                done = Result<void>();  // Later, when there is space.
            }
        }
        if (!done) {
            failed_ = done.error();
            refuse_all(std::unexpected(*failed_), {});
            co_return *failed_;
        }
    }
}

// An error when the time has come to cover the last block.
Task<Result<void>> Log::wait_for_work() {
    struct Wait {
        static Task<Result<void>> for_work(Log& log) {
            while (log.queue_.empty()) {
                co_await log.work_.wait();
            }
            co_return Result<void>();
        }
    };
    const auto limit = covered_ ? time::Duration(1h) : options_.idle_after;
    co_return co_await world::with_deadline(world_.scheduler(), world_.mono_now() + limit,
                                            Wait::for_work(*this));
}

Task<Result<void>> Log::write_batch() {
    std::vector<Submission> batch;
    std::vector<std::size_t> starts;
    BlockBuilder block;
    while (!queue_.empty() && (block.records() == 0 || block.bytes() < options_.batch_bytes)) {
        for (const Record& record : queue_.front().records) {
            starts.push_back(block.add(record));
        }
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    const std::size_t count = block.records();
    const Result<void> written = co_await write_block(block);
    if (!written) {
        refuse_all(written, std::move(batch));
        // Without space others can go on; see the header.
        co_return written.error().code == Errc::kFull ? Result<void>() : written;
    }
    counts_.records += count;
    covered_ = false;
    collecting_hurts_ = false;
    const Place first = {summary_.of.segment, records_at_};
    std::size_t next = 0;
    for (Submission& submission : batch) {
        for (const Record& record : submission.records) {
            const Place at{first.segment, first.offset + starts[next++]};
            CHECK(
                record.kind != RecordKind::kEntry || record.index <= group(record.group).last() + 1,
                "an entry that does not continue its group's log");
            apply(record, at, kRecordHeaderBytes + record.body.size());
            note_cached(record, at);
        }
    }
    for (const Submission& submission : batch) {
        submission.done(Result<void>());
    }
    co_return Result<void>();
}

// Afterwards `records_at_` and `summary_` say where it stands.
Task<Result<void>> Log::write_block(BlockBuilder& block) {
    if (segments_.empty() || segments_.rbegin()->second.bytes >= options_.segment_bytes) {
        CO_TRY(co_await next_segment());
    }
    auto& [number, segment] = *segments_.rbegin();
    const std::uint64_t size = segment.bytes;
    Summary summary = summary_;
    BlockBuilder::Built built = block.finish(log_id_, {number, size}, summary);
    const std::size_t bytes = built.bytes.size();
    const Result<void> written = MUTANT(log_skips_sync)
                                     ? co_await segment.file->append(std::move(built.bytes))
                                     : co_await segment.file->append_synced(std::move(built.bytes));
    if (!written) {
        co_return co_await take_back(written.error(), size);
    }
    ++counts_.syncs;
    ++counts_.blocks;
    counts_.bytes += bytes;
    segment.bytes = size + bytes;
    summary_ = std::move(summary);
    records_at_ = size + built.records_at;
    co_return Result<void>();
}

// A prefix of the block may be there. It must be gone, durably, before anybody hears "refused".
Task<Result<void>> Log::take_back(Error why, std::uint64_t size) {
    if (why.code != Errc::kFull) {
        co_return std::unexpected(std::move(why));
    }
    ++counts_.refused;
    const auto file = segments_.rbegin()->second.file;
    for (const bool syncing : {false, true}) {
        const Result<void> back = syncing ? co_await file->sync() : co_await file->truncate(size);
        if (!back) {
            co_return base::fail(Errc::kUnknown, "cannot take back a block that had no room: " +
                                                     back.error().detail);
        }
    }
    co_return std::unexpected(std::move(why));
}

Task<Result<void>> Log::next_segment() {
    const std::uint64_t number = segments_.empty() ? 1 : segments_.rbegin()->first + 1;
    const std::uint64_t before = segments_.empty() ? 0 : segments_.rbegin()->second.bytes;
    std::string path = path_of(number);
    // Left there by an attempt that found no space; it holds nothing.
    auto file = co_await world_.disk().open(path, world::OpenMode::kCreate);
    Result<void> made = file ? co_await (*file)->truncate(0) : std::unexpected(file.error());
    if (made) {
        made = co_await (*file)->append_synced(encode_segment_header({log_id_, number, before}));
    }
    if (made) {
        made = co_await world_.disk().sync_directory(options_.directory);
    }
    if (!made) {
        co_return made;
    }
    segments_[number] = {std::move(*file), kFirstBlockAt, {}};
    counts_.bytes += kFirstBlockAt;
    ++counts_.syncs;
    co_return Result<void>();
}

// Whatever waits may build on what was refused.
void Log::refuse_all(const Result<void>& why, std::vector<Submission> batch) {
    for (std::deque<Submission> queue = std::exchange(queue_, {}); Submission & each : queue) {
        batch.push_back(std::move(each));
    }
    for (const Submission& submission : batch) {
        submission.done(why);
    }
}

}  // namespace distkv::storage_log
