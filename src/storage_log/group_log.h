// One group's part of the shared log, as it stands: where each entry is, and what the group must
// remember. Pure; the log applies each record to it once the record is durable, and again, in the
// same order, when it reads itself after a start.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "storage_log/format.h"

namespace distkv::storage_log {

struct EntryPlace {
    std::uint64_t term = 0;
    Place at;
    std::uint32_t size = 0;  // Header and body; 0: the entry is damaged or missing.
    std::shared_ptr<const base::Bytes> cached;

    [[nodiscard]] bool there() const { return size > 0; }
};

struct IndexRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    bool operator==(const IndexRange&) const = default;
};

// Something that keeps a segment from being freed, or no longer does.
class PlaceObserver {
public:
    PlaceObserver() = default;
    virtual ~PlaceObserver() = default;
    PlaceObserver(const PlaceObserver&) = delete;
    PlaceObserver& operator=(const PlaceObserver&) = delete;

    virtual void placed(GroupId group, Place at, std::size_t bytes) = 0;
    virtual void released(GroupId group, Place at, std::size_t bytes) = 0;
};

class GroupLog {
public:
    explicit GroupLog(GroupId group) : group_(group) {}

    // What is not cut away: [first, last], empty when last < first.
    [[nodiscard]] std::uint64_t first() const { return cut_.index + 1; }
    [[nodiscard]] std::uint64_t last() const { return base_ + entries_.size(); }
    [[nodiscard]] bool empty() const { return last() < first(); }

    // The last entry that was cut away, {0, 0} when none was.
    struct Cut {
        std::uint64_t index = 0;
        std::uint64_t term = 0;

        bool operator==(const Cut&) const = default;
    };
    [[nodiscard]] Cut cut() const { return cut_; }
    [[nodiscard]] const HardState& hard_state() const { return hard_state_.value; }
    [[nodiscard]] std::optional<base::Bytes> note(std::uint64_t number) const;
    [[nodiscard]] std::vector<std::uint64_t> notes() const;

    // Nothing outside [first, last].
    [[nodiscard]] const EntryPlace* entry(std::uint64_t index) const;

    // Entries that are damaged or missing; the group must not vote or lead before they are back.
    [[nodiscard]] std::vector<IndexRange> holes() const;

    // Its hard state, its cut or a note was lost, and none was written since: nobody knows what it
    // has promised.
    [[nodiscard]] bool promises_lost() const {
        return hard_state_lost_ || cut_lost_ || !notes_lost_.empty();
    }
    [[nodiscard]] bool is_whole() const { return !promises_lost() && holes().empty(); }

    // Of an owner that keeps its own promises. `kForget` is not for here.
    void apply(const Record& record, Place at, std::size_t size, PlaceObserver& observer);

    // What a scan found lost, in a block that stood there. `kForget` is not for here.
    void lose(const SummaryLine& line, Place block, PlaceObserver& observer);

    // The body was found damaged when it was read.
    void lose_entry(std::uint64_t index, PlaceObserver& observer);

    void cache(std::uint64_t index, std::shared_ptr<const base::Bytes> body);
    void uncache(std::uint64_t index, Place at);

    // Before the group goes.
    void release_all(PlaceObserver& observer);

    // The records that stand in this segment and are still needed; entries without their bodies.
    struct Live {
        Record record;
        Place at;
        std::size_t size = 0;  // 0: the record has its body.
    };
    [[nodiscard]] std::vector<Live> live_in(std::uint64_t segment) const;

    // The segment is the oldest, and goes.
    void free_segment(std::uint64_t segment, PlaceObserver& observer);

    // Whether a record that live_in() gave out still stands for what the group is.
    [[nodiscard]] bool is_live(const Live& live) const;

private:
    template <class T>
    struct Placed {
        T value{};
        Place at;
        std::size_t size = 0;  // 0: never written.
    };

    void put_entry(const Record& record, Place at, std::size_t size, PlaceObserver& observer);
    void put_copy(const Record& record, Place at, std::size_t size, PlaceObserver& observer);
    void truncate(std::uint64_t from, PlaceObserver& observer);
    void lose_entries(const SummaryLine& line, Place block, PlaceObserver& observer);
    void cut_to(const Record& record, Place at, std::size_t size, PlaceObserver& observer);
    void put_note(const Record& record, Place at, std::size_t size, PlaceObserver& observer);
    EntryPlace& slot(std::uint64_t index);
    void fill(EntryPlace& slot, const Record& record, Place at, std::size_t size,
              PlaceObserver& observer);
    void release(EntryPlace& slot, PlaceObserver& observer);
    template <class T>
    void replace(Placed<T>& placed, T value, Place at, std::size_t size, PlaceObserver& observer);
    [[nodiscard]] Record cut_record() const;
    [[nodiscard]] Record hard_state_record() const;

    GroupId group_;
    Cut cut_;
    std::uint64_t base_ = 0;  // The index before that of entries_.front().
    std::deque<EntryPlace> entries_;
    Placed<Cut> cut_placed_;
    Placed<HardState> hard_state_;
    std::map<std::uint64_t, Placed<base::Bytes>> notes_;
    bool hard_state_lost_ = false;
    bool cut_lost_ = false;
    std::set<std::uint64_t> notes_lost_;
};

}  // namespace distkv::storage_log
