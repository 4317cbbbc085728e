// The one writer: takes what waits, writes it as a block, syncs once, tells everybody.
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/mutant.h"
#include "storage_log/log.h"
#include "world/deadline.h"

namespace distkv::storage_log {

using base::Errc;
using base::Error;
using base::Result;
using world::Task;

namespace {

// Of those whose block is durable. Few enough that the next block can soon begin, many enough to
// make it worth it.
constexpr int kToldAtOnce = 32;

// Blocks up to this size are written into zeros that are there already: a sync that need not make
// the file longer takes two thirds of the time. For larger ones writing twice costs more than that.
constexpr std::size_t kSmallBlockBytes = std::size_t{16} << 10;

}  // namespace

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
    std::size_t bytes = 0;
    for (const Record& record : records) {
        bytes += kRecordHeaderBytes + record.body.size();
    }
    CHECK(bytes <= base::limits::kLogSubmissionBytesMax);
    queue_.push_back({std::move(records), std::move(done), bytes});
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

// What goes into one block, from the queue until everybody has been told.
struct Log::Batch {
    std::vector<Submission> submissions;
    std::vector<Place> places;
    std::size_t told = 0;    // Submissions,
    std::size_t placed = 0;  // and their records.
    std::optional<Result<void>> outcome;
};

// While one block flies to the disk, those who wrote the one before it are told, and they hand in
// what the next one will hold: the disk waits for nobody.
Task<Error> Log::run() {
    std::optional<Batch> flying;
    std::optional<Batch> landed;
    world::Scope flight(world_.scheduler());
    for (;;) {
        if (!flying && !queue_.empty() && !collection_is_due()) {
            flying = take_batch();
            flight.spawn("log_block", fly(*flying));
        }
        if (landed) {
            tell_some(*landed);
            if (landed->told == landed->submissions.size()) {
                landed.reset();
            } else {
                co_await world_.yield();  // Those who were told may have more to write.
            }
        } else if (flying) {
            co_await flight.join();
            Batch batch = *std::exchange(flying, std::nullopt);
            if (*batch.outcome) {
                landed = std::move(batch);
            } else {
                refuse_all(batch.outcome->error(), batch);
            }
        } else if (const Result<void> rested = co_await rest(); !rested) {
            failed_ = rested.error();
        }
        if (failed_) {
            Batch nothing;
            refuse_all(*failed_, nothing);
            co_return *failed_;
        }
    }
}

Log::Batch Log::take_batch() {
    Batch batch;
    std::size_t bytes = 0;
    while (!queue_.empty() && (batch.submissions.empty() || bytes < options_.batch_bytes)) {
        bytes += queue_.front().bytes;
        batch.submissions.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    covered_ = false;
    return batch;
}

Task<void> Log::fly(Batch& batch) {
    std::vector<const Record*> records;
    for (const Submission& submission : batch.submissions) {
        for (const Record& record : submission.records) {
            records.push_back(&record);
        }
    }
    auto places = co_await write_block(records);
    if (places) {
        batch.places = std::move(*places);
        batch.outcome = Result<void>();
        counts_.records += records.size();
        collecting_hurts_ = false;
    } else {
        batch.outcome = std::unexpected(places.error());
    }
}

void Log::tell_some(Batch& landed) {
    for (int slice = kToldAtOnce; slice > 0 && landed.told < landed.submissions.size(); --slice) {
        Submission& submission = landed.submissions[landed.told++];
        for (Record& record : submission.records) {
            const Place at = landed.places[landed.placed++];
            CHECK(
                record.kind != RecordKind::kEntry || record.index <= group(record.group).last() + 1,
                "an entry that does not continue its group's log");
            apply(record, at, kRecordHeaderBytes + record.body.size());
            keep_in_memory(std::move(record), at);
        }
        submission.done(Result<void>());
    }
}

// Nothing waits and nothing flies. Without space for it, what there is to do is done later.
Task<Result<void>> Log::rest() {
    if (wants_collection()) {
        co_return co_await collect();
    }
    if (co_await wait_for_work() || covered_) {
        co_return Result<void>();
    }
    const auto covering = co_await write_block({});
    if (!covering && covering.error().code != Errc::kFull) {
        co_return std::unexpected(covering.error());
    }
    covered_ = covering.has_value();
    co_return Result<void>();
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

// One at a time. Says where the records stand.
Task<Result<std::vector<Place>>> Log::write_block(const std::vector<const Record*>& records) {
    if (segments_.empty() || segments_.rbegin()->second.bytes >= options_.segment_bytes) {
        CO_TRY(co_await next_segment());
    }
    covered_ = false;
    auto& [number, segment] = *segments_.rbegin();
    const std::uint64_t size = segment.bytes;
    BlockBuilder block(log_id_, {number, size}, summary_);
    std::vector<Place> places;
    places.reserve(records.size());
    for (const Record* const record : records) {
        places.push_back(block.add(*record));
    }
    Summary summary;
    base::Bytes bytes = block.finish(summary);
    const std::size_t count = bytes.size();
    const bool lengthens = size + count > segment.file->size();
    Result<void> written = base::fail(Errc::kFull, "");
    if (lengthens && count <= kSmallBlockBytes) {
        const base::Bytes zeros(options_.zeros_ahead, '\0');
        written = co_await put(*segment.file, size, bytes + zeros);
    }
    if (!written && written.error().code == Errc::kFull) {  // Or only without the zeros.
        written = co_await put(*segment.file, size, std::move(bytes));
    }
    if (!written) {
        co_return std::unexpected(co_await take_back(written.error(), size));
    }
    ++counts_.syncs;
    ++counts_.blocks;
    ++blocks_since_collection_;
    counts_.bytes += count;
    segment.bytes = size + count;
    summary_ = std::move(summary);
    co_return places;
}

Task<Result<void>> Log::put(world::File& file, std::uint64_t offset, base::Bytes bytes) {
    co_return MUTANT(log_skips_sync) ? co_await file.write(offset, std::move(bytes))
                                     : co_await file.write_synced(offset, std::move(bytes));
}

// A prefix of the block may be there. It must be gone, durably, before anybody hears "refused".
// Says what the caller should say.
Task<Error> Log::take_back(Error why, std::uint64_t size) {
    if (why.code != Errc::kFull) {
        co_return why;
    }
    ++counts_.refused;
    const auto file = segments_.rbegin()->second.file;
    for (const bool syncing : {false, true}) {
        const Result<void> back = syncing ? co_await file->sync() : co_await file->truncate(size);
        if (!back) {
            co_return Error{Errc::kUnknown,
                            "cannot take back a block that had no room: " + back.error().detail};
        }
    }
    co_return why;
}

Task<Result<void>> Log::next_segment() {
    const std::uint64_t number = segments_.empty() ? 1 : segments_.rbegin()->first + 1;
    const std::uint64_t before = segments_.empty() ? 0 : segments_.rbegin()->second.bytes;
    std::string path = path_of(number);
    // Left there by an attempt that found no space; it holds nothing.
    auto file = co_await world_.disk().open(path, world::OpenMode::kCreate);
    Result<void> made = file ? co_await (*file)->truncate(0) : std::unexpected(file.error());
    if (made) {
        made = co_await (*file)->write_synced(0, encode_segment_header({log_id_, number, before}));
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

// Whatever waits may build on what was refused. Without space others can go on later; after any
// other error nobody can.
void Log::refuse_all(const Error& why, Batch& batch) {
    if (why.code != Errc::kFull) {
        failed_ = why;
    }
    for (std::deque<Submission> queue = std::exchange(queue_, {}); Submission & each : queue) {
        batch.submissions.push_back(std::move(each));
    }
    for (const Submission& submission : batch.submissions) {
        submission.done(std::unexpected(why));
    }
}

}  // namespace distkv::storage_log
