// Changes that take effect together or not at all, in the order in which they were added: a later
// one wins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace distkv::storage {

class Batch {
public:
    enum class Kind : std::uint8_t { kPut, kRemove, kRemoveRange };
    struct Change {
        Kind kind;
        base::Bytes key;
        base::Bytes value;  // Of kRemoveRange: the first key that stays.
    };

    void put(base::Bytes key, base::Bytes value) {
        add({Kind::kPut, std::move(key), std::move(value)});
    }
    void remove(base::Bytes key) { add({Kind::kRemove, std::move(key), {}}); }

    // Every key k with from <= k < until, by unsigned bytes: none if until <= from.
    void remove_range(base::Bytes from, base::Bytes until) {
        add({Kind::kRemoveRange, std::move(from), std::move(until)});
    }

    [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] bool empty() const { return changes_.empty(); }
    void clear() {
        changes_.clear();
        bytes_ = 0;
    }

private:
    void add(Change change) {
        bytes_ += change.key.size() + change.value.size();
        changes_.push_back(std::move(change));
    }

    std::vector<Change> changes_;
    std::size_t bytes_ = 0;
};

}  // namespace distkv::storage
