// How the memory engine writes: the journal, and the image that replaces it.
#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/mutant.h"
#include "storage_memory/memory_engine.h"
#include "storage_memory/memory_journal.h"

namespace distkv::storage_memory {

using base::Bytes;
using base::Errc;
using base::fail;
using base::Result;
using world::Task;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
static_assert(kPieceBytes <= base::limits::kFileChunkBytesMax);

Task<Result<void>> append_in_pieces(world::File& file, Bytes data) {
    for (std::size_t at = 0; at < data.size(); at += kPieceBytes) {
        CO_TRY(co_await file.append(data.substr(at, kPieceBytes)));
    }
    co_return Result<void>();
}

}  // namespace

// One write at a time. Whoever does not come to done() (an error, a cancelled task) leaves a
// journal of which nobody knows what it holds.
class MemoryEngine::Writing {
public:
    explicit Writing(MemoryEngine& engine) : engine_(engine) {
        CHECK(!engine.writing_);
        engine.writing_ = true;
    }
    ~Writing() {
        if (!done_) {
            engine_.journal_trusted_ = false;
            engine_.journal_.reset();
        }
        engine_.writing_ = false;
        engine_.idle_.wake_all();
    }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

    void done() { done_ = true; }

private:
    MemoryEngine& engine_;
    bool done_ = false;
};

std::string MemoryEngine::path(const std::string& name) const {
    return options_.directory + "/" + name;
}

std::string MemoryEngine::journal_path() const {
    return path("journal-" + std::to_string(generation_));
}

Task<void> MemoryEngine::wait_until_idle() {
    while (writing_) {
        co_await idle_.wait();
    }
}

void MemoryEngine::now_durable(std::uint64_t sequence) {
    durable_ = std::max(durable_, sequence);
    while (!pending_.empty() && pending_.front().sequence <= durable_) {
        pending_bytes_ -= pending_.front().record.size();
        pending_.pop_front();
    }
}

Task<Result<void>> MemoryEngine::flush() {
    const std::uint64_t wanted = table_.newest();
    co_await wait_until_idle();
    if (durable_ >= wanted) {
        co_return Result<void>();
    }
    const std::uint64_t outgrown =
        std::max<std::uint64_t>(image_bytes_, options_.journal_bytes_min);
    if (!journal_trusted_ || journal_bytes_ + pending_bytes_ > outgrown) {
        co_return co_await replace_image();
    }
    co_return co_await append_to_journal();
}

Task<Result<void>> MemoryEngine::append_to_journal() {
    Writing writing(*this);
    if (!journal_) {
        const auto begun = co_await begin_journal();
        if (!begun) {
            if (begun.error().code == Errc::kFull) {
                writing.done();
            }
            co_return begun;
        }
    }
    Bytes data;
    for (const Pending& pending : pending_) {
        data += pending.record;
    }
    const std::uint64_t covered = pending_.back().sequence;
    const std::uint64_t bytes = data.size();
    auto written = co_await append_and_sync(std::move(data));
    if (written) {
        Bytes mark = journal::mark_record(journal_bytes_ + bytes);
        const std::uint64_t mark_bytes = mark.size();
        written = co_await append_and_sync(std::move(mark));
        if (written) {
            journal_bytes_ += bytes + mark_bytes;
            now_durable(covered);
            writing.done();
            co_return Result<void>();
        }
    }
    if (written.error().code == Errc::kFull) {
        // Some first part of it may stand there. It goes, and the journal is as it was.
        CO_TRY(co_await journal_->truncate(journal_bytes_));
        writing.done();
    }
    co_return written;
}

Task<Result<void>> MemoryEngine::append_and_sync(Bytes data) {
    CO_TRY(co_await append_in_pieces(*journal_, std::move(data)));
    if (!MUTANT(engine_skips_sync)) {
        CO_TRY(co_await journal_->sync());
    }
    co_return Result<void>();
}

Task<Result<void>> MemoryEngine::begin_journal() {
    auto file = CO_TRY(co_await world_.disk().open(journal_path(), world::OpenMode::kCreate));
    CO_TRY(co_await world_.disk().sync_directory(options_.directory));
    if (file->size() > 0) {
        CO_TRY(co_await file->truncate(0));
    }
    journal_ = std::move(file);
    journal_bytes_ = 0;
    co_return Result<void>();
}

// A number is tried once: an image that failed may still turn up after a crash, and a journal must
// never continue another image than its own.
Task<Result<void>> MemoryEngine::replace_image() {
    Writing writing(*this);
    const std::uint64_t covered = table_.newest();
    const std::uint64_t generation = ++generation_tried_;
    const std::string aside = path("image-" + std::to_string(generation) + ".new");
    const auto written = co_await write_image(aside, generation);
    if (!written) {
        // The journal has not been touched.
        const bool trusted = journal_trusted_;
        static_cast<void>(co_await world_.disk().remove(aside));
        if (trusted) {
            writing.done();
        }
        co_return std::unexpected(written.error());
    }
    CO_TRY(co_await world_.disk().rename(aside, path("image")));
    CO_TRY(co_await world_.disk().sync_directory(options_.directory));
    const std::string replaced = journal_path();
    generation_ = generation;
    image_bytes_ = *written;
    ++images_written_;
    journal_.reset();
    journal_bytes_ = 0;
    journal_trusted_ = true;
    now_durable(covered);
    // There may be none; if it stays, the next open removes it.
    static_cast<void>(co_await world_.disk().remove(replaced));
    writing.done();
    co_return Result<void>();
}

// The newest state into a new file; how many bytes that took.
Task<Result<std::uint64_t>> MemoryEngine::write_image(std::string file_path,
                                                      std::uint64_t generation) {
    const MemoryTable::Pin pin(table_, table_.newest());
    auto file = CO_TRY(co_await world_.disk().open(file_path, world::OpenMode::kCreate));
    CO_TRY(co_await file->truncate(0));
    CO_TRY(co_await file->append(journal::header_record(generation, pin.sequence())));
    Batch part;
    std::uint64_t entries = 0;
    auto entry = table_.find_from({}, false, pin.sequence());
    while (entry) {
        ++entries;
        part.put(*entry->key, *entry->value);
        entry = table_.find_from(*entry->key, true, pin.sequence());
        if (!entry || part.bytes() >= kPieceBytes) {
            CO_TRY(co_await append_in_pieces(*file, journal::batch_record(pin.sequence(), part)));
            part.clear();
        }
    }
    CO_TRY(co_await file->append(journal::end_record(entries)));
    CO_TRY(co_await file->sync());
    co_return file->size();
}

Task<Result<void>> MemoryEngine::compact(Range) {
    co_await wait_until_idle();
    co_return co_await replace_image();
}

Task<Result<void>> MemoryEngine::checkpoint(std::string directory) {
    const auto there = co_await world_.disk().list(directory);
    if (there && !there->empty()) {
        co_return fail(Errc::kInvalid,
                       directory + " is there already: a checkpoint needs a new one");
    }
    const std::string aside = directory + "/image-1.new";
    const auto written = co_await write_image(aside, 1);
    if (!written) {
        static_cast<void>(co_await world_.disk().remove(aside));
        co_return std::unexpected(written.error());
    }
    CO_TRY(co_await world_.disk().rename(aside, directory + "/image"));
    co_return co_await world_.disk().sync_directory(directory);
}

}  // namespace distkv::storage_memory
