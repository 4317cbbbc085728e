// The shared log of a node: one stream of records of many groups, made durable together.
//
//     auto log = CO_TRY(co_await Log::open(world, options));
//     scope.spawn("log", run_log(*log));          // somebody must watch run(): it ends when the
//                                                 // disk can no longer be trusted
//     CO_TRY(co_await log->write({entry(group, 7, term, body)}));
//     auto entries = co_await log->read(group, {5, 7}, 1 << 20);
//
// One writer takes all that waits, up to a bound, writes it as one block and syncs once (a second
// block may stand ready behind it, and is begun when the first is durable); then the index changes
// and those who wait are told, in the order in which they handed in. What was refused (kFull) never
// happened: nothing of it is in the log, and whatever stood behind it in the queue is refused as
// well, because it may build on it. Space that returns is noticed by itself.
//
// When a write or a sync fails in any other way, nothing is known about the block: run() returns
// the error, all who wait hear kUnknown, and the process must end. The next start rewrites the last
// block before it trusts it.
//
// Segments are freed oldest first. What a slow group still needs of the oldest is written again at
// the end, so one laggard never pins the disk.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage_log/group_log.h"
#include "storage_log/scan.h"
#include "world/world.h"

namespace distkv::storage_log {

using namespace std::chrono_literals;

struct LogOptions {
    std::string directory = "log";
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;  // A segment is closed beyond this.
    std::uint64_t batch_bytes = std::uint64_t{1} << 20;     // A block is closed beyond this.
    std::uint64_t cache_bytes = std::uint64_t{64} << 20;    // Of entries kept in memory.

    // Written behind the end of the segment, where small blocks will stand.
    std::uint64_t zeros_ahead = std::uint64_t{1} << 20;

    // So much is worth a block of its own that is handed over while another one flies. Less waits
    // for more.
    std::size_t behind_bytes = std::size_t{16} << 10;

    // Without traffic for so long, the last block is covered by an empty one behind it.
    time::Duration idle_after = 20ms;

    // The log may grow to this many times what is still needed, and a few segments more, before
    // what is needed of the oldest segment is written again.
    std::uint64_t garbage_factor = 2;
};

struct LogCounts {
    std::uint64_t blocks = 0;
    std::uint64_t blocks_behind = 0;  // Of these, handed over while another one flew.
    std::uint64_t syncs = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t refused = 0;  // Writes, for want of space.
    std::uint64_t segments_freed = 0;
    std::uint64_t records_copied = 0;  // Out of the way of a segment that is to be freed.
    std::uint64_t reads_cached = 0;
    std::uint64_t reads_from_disk = 0;
};

// What was found at the start.
struct Recovery {
    std::uint64_t records = 0;
    std::uint64_t segments = 0;
    std::uint64_t tail_bytes_cut = 0;
    std::vector<Damage> damage;

    // Damage that names less than it destroyed: any group may have lost its newest records.
    [[nodiscard]] bool anyone_may_have_lost() const;
};

Record entry(GroupId group, std::uint64_t index, std::uint64_t term, base::Bytes body);
Record truncate(GroupId group, std::uint64_t from);
Record cut(GroupId group, std::uint64_t index, std::uint64_t term);
Record hard_state(GroupId group, const HardState& state);
Record note(GroupId group, std::uint64_t number, base::Bytes value);
Record forget(GroupId group);

class Log : private PlaceObserver {
public:
    // kCorrupt and kInvalid only when there is nothing that could be read; damage is in recovery().
    static world::Task<base::Result<std::unique_ptr<Log>>> open(world::World& world,
                                                                LogOptions options);
    ~Log() override;

    // Writes, frees, covers. Returns only when the disk can no longer be trusted.
    world::Task<base::Error> run();

    // Takes the records at once; `done` is called when they are durable (and in the index), or
    // refused, in the order of submission. It must not call back, and must not outlive its owner:
    // use write() in a task that may be cancelled. Entries must continue their group's log.
    using Done = std::function<void(const base::Result<void>&)>;
    void submit(std::vector<Record> records, Done done);

    world::Task<base::Result<void>> write(std::vector<Record> records);

    // Entries from range.first on, as many as fit, at least one. kNotFound: not in the log (any
    // more). kCorrupt: damaged on the disk, and then a hole of the group. kRetry: the log changed
    // meanwhile.
    world::Task<base::Result<std::vector<Record>>> read(GroupId group, IndexRange range,
                                                        std::size_t bytes_max);

    // Nothing for a group that is not known. Only what is durable shows.
    [[nodiscard]] const GroupLog* find(GroupId group) const;
    [[nodiscard]] std::vector<GroupId> groups() const;

    // Segments with damage are kept until what they held is whole again. Damage that cannot be
    // named keeps them until the owner says that it has looked after every group.
    void damage_is_settled() { recovery_.damage.clear(); }

    [[nodiscard]] const Recovery& recovery() const { return recovery_; }
    [[nodiscard]] const LogCounts& counts() const { return counts_; }
    [[nodiscard]] std::uint64_t bytes() const;
    [[nodiscard]] std::uint64_t bytes_live() const { return live_bytes_; }
    [[nodiscard]] std::size_t segments() const { return segments_.size(); }

    // Nothing waits, and the last block is covered.
    [[nodiscard]] bool idle() const;

private:
    struct Segment {
        std::shared_ptr<world::File> file;  // Shared with the reads under way.
        std::uint64_t bytes = 0;
        std::map<GroupId, std::uint64_t> live;  // Records that are still needed.
    };
    struct Submission {
        std::vector<Record> records;
        Done done;  // None: the oldest of those who wait in write().
        std::size_t bytes = 0;
    };
    struct Waiting;
    struct Cached {
        GroupId group;
        std::uint64_t index;
        Place at;
        std::size_t bytes;
    };

    Log(world::World& world, LogOptions options);

    void placed(GroupId group, Place at, std::size_t bytes) override;
    void released(GroupId group, Place at, std::size_t bytes) override;

    // recover.cc
    struct OldSegment;
    world::Task<base::Result<void>> recover();
    world::Task<base::Result<std::vector<OldSegment>>> open_segments();
    world::Task<base::Result<base::Bytes>> read_all(world::File& file);
    world::Task<base::Result<void>> drop_unborn_segment(std::vector<OldSegment>& old);
    world::Task<base::Result<void>> scan(std::vector<OldSegment> old);
    world::Task<base::Result<void>> secure_tail(OldSegment& newest, base::Bytes bytes,
                                                const Scanner& scanner);
    void take_damage(const Damage& damage);

    // write.cc
    struct Batch;
    [[nodiscard]] Batch take_batch();
    [[nodiscard]] bool may_launch(const std::deque<Batch>& air,
                                  const std::optional<Batch>& landed) const;
    world::Task<void> fly(Batch& batch);
    world::Task<base::Error> take_back(const Batch& batch);
    void enqueue(std::vector<Record> records, Done done);
    void answer(const Submission& submission, const base::Result<void>& result);
    void tell_some(Batch& landed);
    world::Task<base::Result<void>> rest();
    world::Task<base::Result<void>> wait_for_work();
    void refuse_all(const base::Error& why, const std::deque<Batch>& air);

    // block.cc
    struct Block;
    [[nodiscard]] bool segment_is_full() const;
    world::Task<base::Result<std::vector<Place>>> write_block(
        const std::vector<const Record*>& records);
    Block make_block(const std::vector<const Record*>& records);
    world::Task<base::Result<void>> put(Block& block);
    static world::Task<base::Result<void>> put(world::File& file, std::uint64_t offset,
                                               base::Bytes bytes);
    world::Task<base::Error> take_back(base::Error why, const Block& block);
    world::Task<base::Result<void>> next_segment();

    // collect.cc
    [[nodiscard]] bool wants_collection() const;
    [[nodiscard]] bool collection_is_due() const;
    [[nodiscard]] bool oldest_may_go() const;
    [[nodiscard]] std::uint64_t bytes_wanted() const;
    [[nodiscard]] bool holds_damage(std::uint64_t segment) const;
    world::Task<base::Result<void>> collect();
    world::Task<base::Result<std::vector<GroupLog::Live>>> gather(std::uint64_t segment);
    world::Task<base::Result<void>> copy_forward(std::vector<GroupLog::Live> live);
    world::Task<base::Result<void>> free_oldest();

    // read.cc
    world::Task<base::Result<std::vector<Record>>> read_run(GroupId group, IndexRange range);
    [[nodiscard]] IndexRange run_on_disk(const GroupLog& group, std::uint64_t first,
                                         std::uint64_t last, std::size_t bytes_max) const;
    void keep_in_memory(GroupLog& group, Record entry, Place at);

    void apply(const Record& record, Place at, std::size_t size);
    GroupLog& group(GroupId id);
    [[nodiscard]] std::string path_of(std::uint64_t number) const;

    world::World& world_;
    LogOptions options_;
    std::uint64_t log_id_ = 0;
    std::map<std::uint64_t, Segment> segments_;
    std::map<GroupId, GroupLog> groups_;
    Summary summary_;  // Of the last block.
    std::uint64_t live_bytes_ = 0;
    bool covered_ = true;  // The last block is known to be durable to whoever reads the log.
    std::uint64_t blocks_since_collection_ = 0;
    bool collecting_hurts_ = false;  // There was no space for copies; until something is written.

    std::deque<Submission> queue_;
    std::size_t queue_bytes_ = 0;
    world::Signal work_;  // Something was handed in, or a block has landed.
    std::optional<base::Error> failed_;
    std::deque<Waiting*> waiting_;  // Tasks in write(), oldest first; none: cancelled.
    std::uint64_t first_waiting_ = 0;

    std::deque<Cached> cached_;  // Oldest first.
    std::size_t cached_bytes_ = 0;

    Recovery recovery_;
    LogCounts counts_;
};

}  // namespace distkv::storage_log
