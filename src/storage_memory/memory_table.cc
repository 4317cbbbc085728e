#include "storage_memory/memory_table.h"

#include <utility>

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::storage_memory {

using base::Bytes;
using base::ByteView;

MemoryTable::Pin::Pin(MemoryTable& table, std::uint64_t sequence)
    : table_(table), sequence_(sequence) {
    CHECK(sequence == table.newest_ || table.pinned_.contains(sequence));
    ++table.pinned_[sequence].pins;
}

MemoryTable::Pin::~Pin() {
    table_.unpin(sequence_);
}

void MemoryTable::apply(const Batch& batch) {
    ++newest_;
    change(batch);
}

void MemoryTable::restore(std::uint64_t sequence, const Batch& puts) {
    CHECK(newest_ == 0 || newest_ == sequence);
    newest_ = sequence;
    change(puts);
}

void MemoryTable::change(const Batch& batch) {
    for (const Batch::Change& change : batch.changes()) {
        switch (change.kind) {
            case Batch::Kind::kPut:
                set(change.key, change.value);
                break;
            case Batch::Kind::kRemove:
                set(change.key, std::nullopt);
                break;
            case Batch::Kind::kRemoveRange:
                remove_range(change.key, change.value);
                break;
        }
    }
}

void MemoryTable::set(ByteView key, std::optional<Bytes> value) {
    auto at = keys_.find(key);
    if (at == keys_.end()) {
        if (!value) {
            return;
        }
        at = keys_.emplace(Bytes(key), Versions{}).first;
    }
    set_newest(at, std::move(value));
}

void MemoryTable::remove_range(ByteView from, ByteView until) {
    auto at = keys_.lower_bound(from);
    while (at != keys_.end() && at->first < until) {
        const auto next = std::next(at);
        if (MUTANT(engine_loses_range) && (next == keys_.end() || next->first >= until)) {
            break;
        }
        if (at->second.front().value) {
            set_newest(at, std::nullopt);  // May erase the key.
        }
        at = next;
    }
}

void MemoryTable::set_newest(Keys::iterator at, std::optional<Bytes> value) {
    Versions& versions = at->second;
    std::optional<Superseded> superseded;
    if (!versions.empty() && versions.front().sequence == newest_) {
        // A later change of the same batch: the earlier one was never to be seen, and what it
        // superseded is settled.
        count_out(at->first, versions.front());
        versions.pop_front();
    } else if (!versions.empty()) {
        superseded = Superseded{at->first, versions.front().sequence, newest_};
    }
    if (!value && versions.empty()) {
        keys_.erase(at);
        return;
    }
    ++versions_;
    bytes_ += at->first.size() + (value ? value->size() : 0);
    versions.push_front({newest_, std::move(value)});
    if (superseded) {
        settle(std::move(*superseded));
    }
}

// Gives a superseded version to the newest pin that sees it; drops it when there is none.
void MemoryTable::settle(Superseded version) {
    const auto beyond = pinned_.lower_bound(version.successor);
    if (beyond == pinned_.begin() || std::prev(beyond)->first < version.sequence) {
        drop(version);
        return;
    }
    std::prev(beyond)->second.held.push_back(std::move(version));
}

void MemoryTable::drop(const Superseded& version) {
    const auto at = keys_.find(version.key);
    CHECK(at != keys_.end());
    Versions& versions = at->second;
    auto before = versions.begin();  // A superseded version has one before it: its successor.
    auto one = std::next(before);
    while (one != versions.end() && one->sequence != version.sequence) {
        before = one++;
    }
    CHECK(one != versions.end());
    count_out(at->first, *one);
    versions.erase_after(before);
    // A removal is remembered only to hide what is older.
    if (!versions.front().value && std::next(versions.begin()) == versions.end()) {
        count_out(at->first, versions.front());
        keys_.erase(at);
    }
}

void MemoryTable::unpin(std::uint64_t sequence) {
    const auto at = pinned_.find(sequence);
    CHECK(at != pinned_.end());
    if (--at->second.pins > 0) {
        return;
    }
    std::vector<Superseded> held = std::move(at->second.held);
    pinned_.erase(at);
    for (Superseded& version : held) {
        settle(std::move(version));
    }
}

void MemoryTable::count_out(const Bytes& key, const Version& version) {
    --versions_;
    bytes_ -= key.size() + (version.value ? version.value->size() : 0);
}

const Bytes* MemoryTable::visible(const Versions& versions, std::uint64_t at) {
    for (const Version& version : versions) {
        if (version.sequence <= at) {
            return version.value ? &*version.value : nullptr;
        }
    }
    return nullptr;
}

const Bytes* MemoryTable::find(ByteView key, std::uint64_t at) const {
    const auto found = keys_.find(key);
    return found == keys_.end() ? nullptr : visible(found->second, at);
}

std::optional<MemoryTable::Entry> MemoryTable::find_from(ByteView key, bool beyond,
                                                         std::uint64_t at) const {
    auto found = beyond ? keys_.upper_bound(key) : keys_.lower_bound(key);
    for (; found != keys_.end(); ++found) {
        if (const Bytes* value = visible(found->second, at)) {
            return Entry{&found->first, value};
        }
    }
    return std::nullopt;
}

}  // namespace distkv::storage_memory
