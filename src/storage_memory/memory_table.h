// An ordered map that remembers: each change has a sequence, and the state after any sequence that
// is pinned can still be read. A version that no pin can see any more is dropped at once, so that
// without pins there is one version a key.
//
// A superseded version is seen by the pins between its own sequence and that of its successor. It
// is kept in the list of the newest of them; when that pin goes, it moves to the next older one
// that sees it, or is dropped. So letting a pin go costs what it alone held, not a sweep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "storage/batch.h"

namespace distkv::storage_memory {

using storage::Batch;

class MemoryTable {
public:
    MemoryTable() = default;
    MemoryTable(const MemoryTable&) = delete;
    MemoryTable& operator=(const MemoryTable&) = delete;

    // Keeps the state after `sequence()` readable. The table must outlive it.
    class Pin {
    public:
        // The sequence must be the newest one, or pinned already.
        Pin(MemoryTable& table, std::uint64_t sequence);
        ~Pin();
        Pin(const Pin&) = delete;
        Pin& operator=(const Pin&) = delete;

        [[nodiscard]] const MemoryTable* table() const { return &table_; }
        [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

    private:
        MemoryTable& table_;
        std::uint64_t sequence_;
    };

    // Takes effect as one change, under the next sequence.
    void apply(const Batch& batch);

    // Before anything else: entries as they stood after `sequence`; no key twice.
    void restore(std::uint64_t sequence, const Batch& puts);
    [[nodiscard]] std::uint64_t newest() const { return newest_; }

    // Null when there is no such key. What is found under a pinned sequence stays where it is until
    // the pin goes.
    [[nodiscard]] const base::Bytes* find(base::ByteView key, std::uint64_t at) const;

    struct Entry {
        const base::Bytes* key;
        const base::Bytes* value;
    };
    // The first entry not below `key`, or (`beyond`) above it.
    [[nodiscard]] std::optional<Entry> find_from(base::ByteView key, bool beyond,
                                                 std::uint64_t at) const;

    // Including those that only pins can see.
    [[nodiscard]] std::size_t keys() const { return keys_.size(); }
    [[nodiscard]] std::size_t versions() const { return versions_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    struct Version {
        std::uint64_t sequence;
        std::optional<base::Bytes> value;  // None: removed.
    };
    using Versions = std::forward_list<Version>;  // Newest first, never empty.
    using Keys = std::map<base::Bytes, Versions, std::less<>>;
    struct Superseded {
        base::Bytes key;
        std::uint64_t sequence;
        std::uint64_t successor;
    };
    struct Pinned {
        std::size_t pins = 0;
        std::vector<Superseded> held;
    };

    void change(const Batch& batch);
    void set(base::ByteView key, std::optional<base::Bytes> value);
    void remove_range(base::ByteView from, base::ByteView until);
    void set_newest(Keys::iterator at, std::optional<base::Bytes> value);
    void settle(Superseded version);
    void drop(const Superseded& version);
    void unpin(std::uint64_t sequence);
    void count_out(const base::Bytes& key, const Version& version);

    static const base::Bytes* visible(const Versions& versions, std::uint64_t at);

    Keys keys_;
    std::map<std::uint64_t, Pinned> pinned_;
    std::uint64_t newest_ = 0;
    std::size_t versions_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace distkv::storage_memory
