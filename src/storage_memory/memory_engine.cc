#include "storage_memory/memory_engine.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "storage_memory/memory_journal.h"

namespace distkv::storage_memory {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;
using world::Task;

namespace {

class MemorySnapshot : public Snapshot {
public:
    explicit MemorySnapshot(MemoryTable& table) : pin(table, table.newest()) {}

    MemoryTable::Pin pin;
};

}  // namespace

class MemoryCursor : public Cursor {
public:
    MemoryCursor(MemoryEngine& engine, Range range, std::uint64_t sequence)
        : engine_(engine), range_(std::move(range)), pin_(engine.table_, sequence) {}

    Result<Place> seek(ByteView key) override {
        return go(std::max(key, ByteView(range_.from)), false);
    }
    Result<Place> next() override {
        CHECK(entry_.has_value());
        return go(*entry_->key, true);
    }
    [[nodiscard]] ByteView key() const override {
        CHECK(entry_.has_value());
        return *entry_->key;
    }
    [[nodiscard]] ByteView value() const override {
        CHECK(entry_.has_value());
        return *entry_->value;
    }

private:
    Place go(ByteView from, bool beyond) {
        auto found = engine_.table_.find_from(from, beyond, pin_.sequence());
        if (found && !range_.until.empty() && *found->key >= range_.until) {
            found.reset();
        }
        entry_.reset();
        if (engine_.would_block() && !engine_.warm_.covers(from, reached(found))) {
            return Place::kWouldBlock;
        }
        entry_ = found;
        return found ? Place::kAtKey : Place::kEnd;
    }

    // How far a step has to look.
    [[nodiscard]] std::optional<ByteView> reached(
        const std::optional<MemoryTable::Entry>& found) const {
        if (found) {
            return *found->key;
        }
        return range_.until.empty() ? std::nullopt : std::optional<ByteView>(range_.until);
    }

    MemoryEngine& engine_;
    Range range_;
    MemoryTable::Pin pin_;
    std::optional<MemoryTable::Entry> entry_;
};

MemoryEngine::MemoryEngine(world::World& world, MemoryEngineOptions options)
    : world_(world),
      options_(std::move(options)),
      rng_(world.rng().next()),
      idle_(world.scheduler()) {}

MemoryEngine::~MemoryEngine() = default;

std::uint64_t MemoryEngine::sequence_of(const Snapshot* at) const {
    if (at == nullptr) {
        return table_.newest();
    }
    const auto& snapshot = static_cast<const MemorySnapshot&>(*at);
    CHECK(snapshot.pin.table() == &table_, "a snapshot of another engine");
    return snapshot.pin.sequence();
}

bool MemoryEngine::would_block() {
    return options_.would_block_ppm > 0 && rng_.chance(options_.would_block_ppm);
}

Result<Lookup> MemoryEngine::get(ByteView key, const Snapshot* at) {
    if (would_block() && !warm_.covers(key, key)) {
        return Lookup{Presence::kWouldBlock, {}};
    }
    const Bytes* value = table_.find(key, sequence_of(at));
    return value == nullptr ? Lookup{} : Lookup{Presence::kFound, *value};
}

Result<First> MemoryEngine::first(ByteView from, ByteView until) {
    auto found = table_.find_from(from, false, table_.newest());
    if (found && *found->key >= until) {
        found.reset();
    }
    if (would_block() && !warm_.covers(from, found ? ByteView(*found->key) : until)) {
        return First{.presence = Presence::kWouldBlock};
    }
    return found ? First{Presence::kFound, *found->key, *found->value} : First{};
}

Result<std::unique_ptr<Cursor>> MemoryEngine::cursor(Range range, const Snapshot* at) {
    return std::make_unique<MemoryCursor>(*this, std::move(range), sequence_of(at));
}

std::unique_ptr<Snapshot> MemoryEngine::snapshot() {
    return std::make_unique<MemorySnapshot>(table_);
}

Task<Result<void>> MemoryEngine::prefetch(std::vector<Bytes> keys, const Snapshot*) {
    co_await world_.yield();
    for (Bytes& key : keys) {
        warm_.add(key, key);
    }
    co_return Result<void>();
}

Task<Result<void>> MemoryEngine::prefetch_range(Range range, std::size_t bytes_max,
                                                const Snapshot* at) {
    const MemoryTable::Pin pin(table_, sequence_of(at));
    co_await world_.yield();
    std::optional<Bytes> to;
    std::size_t bytes = 0;
    auto entry = table_.find_from(range.from, false, pin.sequence());
    while (entry && (range.until.empty() || *entry->key < range.until) &&
           (!to || bytes < bytes_max)) {
        to = *entry->key;
        bytes += entry->key->size() + entry->value->size();
        entry = table_.find_from(*to, true, pin.sequence());
    }
    if (!entry || (!range.until.empty() && *entry->key >= range.until)) {
        to = range.until.empty() ? std::nullopt : std::optional(range.until);
    }
    warm_.add(std::move(range.from), std::move(to));
    co_return Result<void>();
}

Result<Sequence> MemoryEngine::apply(const Batch& batch) {
    if (options_.stall_ppm > 0 && rng_.chance(options_.stall_ppm)) {
        return fail(Errc::kRetry, "writes are stalled");
    }
    table_.apply(batch);
    pending_.push_back({table_.newest(), journal::batch_record(table_.newest(), batch)});
    pending_bytes_ += pending_.back().record.size();
    return Sequence{table_.newest()};
}

EngineStats MemoryEngine::stats() const {
    return {.keys_estimated = table_.keys(),
            .disk_bytes = image_bytes_ + journal_bytes_,
            .memory_bytes = pending_bytes_,
            .cache_bytes = table_.bytes(),
            .compactions = images_written_};
}

}  // namespace distkv::storage_memory
