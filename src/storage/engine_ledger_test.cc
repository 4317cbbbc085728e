// The truth about a store under test: which batches there were, and what they come to.
#include <utility>

#include "base/limits.h"
#include "storage/applied_mark.h"
#include "storage/engine_conformance_test.h"

namespace distkv::storage::conformance {

using base::Bytes;
using base::Rng;

// Few enough keys to be overwritten and removed often, of bytes that sort badly when signed.
Bytes random_key(Rng& rng) {
    static constexpr char kBytes[] = {'\0', '\1', 'a', 'm', 'z', '\x7f', '\x80', '\xff'};
    Bytes key;
    for (auto left = rng.below(4); left > 0; --left) {
        key += kBytes[rng.below(sizeof kBytes)];
    }
    return key;
}

namespace {

Bytes random_value(Rng& rng) {
    const std::size_t size = rng.chance(50'000) ? rng.below(20'000) : rng.below(120);
    Bytes value = std::to_string(rng.next());
    value.resize(size, static_cast<char>(rng.below(256)));
    return value;
}

}  // namespace

void apply_to(Entries& entries, const Batch& batch) {
    for (const Batch::Change& change : batch.changes()) {
        switch (change.kind) {
            case Batch::Kind::kPut:
                entries[change.key] = change.value;
                break;
            case Batch::Kind::kRemove:
                entries.erase(change.key);
                break;
            case Batch::Kind::kRemoveRange:
                if (change.key < change.value) {
                    entries.erase(entries.lower_bound(change.key),
                                  entries.lower_bound(change.value));
                }
                break;
        }
    }
}

Batch Ledger::batch(std::uint64_t index) const {
    Rng rng = Rng(seed).fork(std::to_string(index) + "/" + std::to_string(lives[index - 1]));
    Batch batch;
    for (auto left = rng.below(8); left > 0; --left) {
        const auto drawn = rng.below(20);
        if (drawn < 14) {
            batch.put(random_key(rng), random_value(rng));
        } else if (drawn < 18) {
            batch.remove(random_key(rng));
        } else {
            batch.remove_range(random_key(rng), random_key(rng));
        }
    }
    if (large_values_every > 0 && rng.below(large_values_every) == 0) {
        batch.put(random_key(rng),
                  Bytes(base::limits::kValueBytesMax, static_cast<char>(rng.below(256))));
    }
    return batch;
}

Entries Ledger::entries_after(std::uint64_t index) const {
    Entries entries;
    for (std::uint64_t i = 1; i <= index; ++i) {
        apply_to(entries, batch(i));
        entries[kMark] = encode_mark({i});
    }
    return entries;
}

void Ledger::problem(std::string what) {
    problems.push_back("seed " + std::to_string(seed) + ", life " + std::to_string(life) +
                       ", batch " + std::to_string(lives.size()) + ": " + std::move(what));
}

}  // namespace distkv::storage::conformance
