// The one writer: takes what waits, has it written as a block, tells everybody.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/mutant.h"
#include "storage_log/block.h"
#include "storage_log/log.h"
#include "world/deadline.h"

namespace distkv::storage_log {

using base::Errc;
using base::Error;
using base::Result;
using world::Task;

namespace {

// Of those whose block is durable, before others have a turn.
constexpr std::size_t kToldAtOnce = 32;

// When nothing flies, so many (or half of those in the block, if that is more) are told before the
// next block is closed: the few more that they hand in cost the disk less than a block of their own
// would. With more writers than that the disk has enough to do with half of them.
constexpr std::size_t kToldFirst = 64;

}  // namespace

// A task in write(). Answers come in the order of submission, so those who wait are a queue.
struct Log::Waiting {
    explicit Waiting(Log& owner) : log(owner), changed(owner.world_.scheduler()) {}
    ~Waiting() {
        if (number && !answer) {
            log.waiting_[*number - log.first_waiting_] = nullptr;
        }
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    Log& log;
    std::optional<std::uint64_t> number;
    std::optional<Result<void>> answer;
    world::Signal changed;
};

void Log::submit(std::vector<Record> records, Done done) {
    CHECK(done != nullptr);
    if (failed_) {
        done(std::unexpected(*failed_));
        return;
    }
    enqueue(std::move(records), std::move(done));
}

void Log::enqueue(std::vector<Record> records, Done done) {
    std::size_t bytes = 0;
    for (const Record& record : records) {
        bytes += kRecordHeaderBytes + record.body.size();
    }
    CHECK(bytes <= base::limits::kLogSubmissionBytesMax);
    queue_.push_back({std::move(records), std::move(done), bytes});
    queue_bytes_ += bytes;
    work_.wake_all();
}

Task<Result<void>> Log::write(std::vector<Record> records) {
    if (failed_) {
        co_return std::unexpected(*failed_);
    }
    Waiting waiting(*this);
    waiting.number = first_waiting_ + waiting_.size();
    waiting_.push_back(&waiting);
    enqueue(std::move(records), nullptr);
    while (!waiting.answer) {
        co_await waiting.changed.wait();
    }
    co_return std::move(*waiting.answer);
}

void Log::answer(const Submission& submission, const Result<void>& result) {
    if (submission.done != nullptr) {
        submission.done(result);
        return;
    }
    Waiting* const waiting = waiting_.front();
    waiting_.pop_front();
    ++first_waiting_;
    if (waiting != nullptr) {  // Else it was cancelled.
        waiting->answer = result;
        waiting->changed.wake_all();
    }
}

// What goes into one block, from the queue until everybody has been told.
struct Log::Batch {
    std::vector<Submission> submissions;
    std::size_t bytes = 0;
    std::size_t told = 0;        // Submissions,
    std::size_t placed = 0;      // and their records.
    std::optional<Block> block;  // Made up, and handed over.
    std::optional<Result<void>> outcome;

    [[nodiscard]] bool all_told() const { return told == submissions.size(); }
};

// While one block flies to the disk, those who wrote the one before it are told, and they hand in
// what the next one will hold. When that is worth a block of its own it is handed over at once, and
// the disk goes on with it without asking.
Task<Error> Log::run() {
    std::deque<Batch> air;  // At most two, in order.
    std::optional<Batch> landed;
    world::Scope flights(world_.scheduler());
    for (;;) {
        if (may_launch(air, landed)) {
            counts_.blocks_behind += air.empty() ? 0 : 1;
            air.push_back(take_batch());
            flights.spawn("log_block", fly(air.back()));
        }
        if (landed) {
            tell_some(*landed);
            if (landed->all_told()) {
                landed.reset();
            }
            co_await world_.yield();  // Those who were told may have more to write.
        } else if (!air.empty() && !air.front().outcome) {
            co_await work_.wait();
        } else if (!air.empty() && *air.front().outcome) {
            landed = std::move(air.front());
            air.pop_front();
        } else if (!air.empty()) {
            co_await flights.join();
            refuse_all(co_await take_back(air.front()), air);
            air.clear();
        } else if (const Result<void> rested = co_await rest(); !rested) {
            failed_ = rested.error();
        }
        if (failed_) {
            refuse_all(*failed_, {});
            co_return *failed_;
        }
    }
}

bool Log::may_launch(const std::deque<Batch>& air, const std::optional<Batch>& landed) const {
    if (queue_.empty() || air.size() > 1 || collection_is_due()) {
        return false;
    }
    if (air.empty()) {
        return !landed ||
               landed->told >= std::min(landed->submissions.size(),
                                        std::max(kToldFirst, landed->submissions.size() / 2));
    }
    // Behind another: neither may the segment end between them, nor zeros stand there.
    const Batch& first = air.front();
    return !landed && first.block && !first.outcome && !first.block->zeros_behind &&
           !segment_is_full() && queue_bytes_ >= std::max(options_.behind_bytes, first.bytes / 2) &&
           !MUTANT(log_skips_sync);  // Which knows how to skip one at a time.
}

Log::Batch Log::take_batch() {
    Batch batch;
    batch.submissions.reserve(queue_.size());
    while (!queue_.empty() && (batch.submissions.empty() || batch.bytes < options_.batch_bytes)) {
        batch.bytes += queue_.front().bytes;
        batch.submissions.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    queue_bytes_ -= batch.bytes;
    covered_ = false;
    return batch;
}

Task<void> Log::fly(Batch& batch) {
    Result<void> done;
    if (segment_is_full()) {
        done = co_await next_segment();
    }
    if (done) {
        std::vector<const Record*> records;
        records.reserve(batch.submissions.size());
        for (const Submission& submission : batch.submissions) {
            for (const Record& record : submission.records) {
                records.push_back(&record);
            }
        }
        batch.block = make_block(records);
        done = co_await put(*batch.block);
        if (done) {
            counts_.records += records.size();
            collecting_hurts_ = false;
        }
    }
    batch.outcome = std::move(done);
    work_.wake_all();
}

// Nothing else is in the air. Says what all are to hear.
Task<Error> Log::take_back(const Batch& batch) {
    Error why = batch.outcome->error();
    if (batch.block) {
        co_return co_await take_back(std::move(why), *batch.block);
    }
    co_return why;  // There was no room for a new segment.
}

void Log::tell_some(Batch& landed) {
    const Result<void> good;
    for (std::size_t slice = kToldAtOnce; slice > 0 && !landed.all_told(); --slice) {
        Submission& submission = landed.submissions[landed.told++];
        for (Record& record : submission.records) {
            const Place at = landed.block->places[landed.placed++];
            const std::size_t size = kRecordHeaderBytes + record.body.size();
            if (record.kind != RecordKind::kEntry) {
                apply(record, at, size);
                continue;
            }
            GroupLog& log = group(record.group);
            CHECK(record.index <= log.last() + 1,
                  "an entry that does not continue its group's log");
            log.apply(record, at, size, *this);
            keep_in_memory(log, std::move(record), at);
        }
        answer(submission, good);
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

// Whatever waits may build on what was refused. Without space others can go on later; after any
// other error nobody can.
void Log::refuse_all(const Error& why, const std::deque<Batch>& air) {
    if (why.code != Errc::kFull) {
        failed_ = why;
    }
    const std::deque<Submission> queue = std::exchange(queue_, {});
    queue_bytes_ = 0;
    const Result<void> refused = std::unexpected(why);
    for (const Batch& batch : air) {
        for (const Submission& submission : batch.submissions) {
            answer(submission, refused);
        }
    }
    for (const Submission& submission : queue) {
        answer(submission, refused);
    }
}

}  // namespace distkv::storage_log
