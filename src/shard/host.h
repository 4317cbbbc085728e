// All groups of one reactor: drives their cores, and is the only thing here that waits, writes and
// sends.
//
//     frames ──► cores ──┐                       ┌──► one append to the shared log, one sync
//     timers ──► cores ──┼──► pass: all ready ───┼──► one frame a peer
//     callers ─► cores ──┘    groups, bounded    └──► machines
//
// What the log of a store without a log of its own needs, and where it is kept:
//   - The log is cut only below what the machine has flushed                        (retain.cc).
//   - A snapshot is installed, and a replica destroyed, behind an intent in the log, so that a
//     crash in the middle is finished by the next start                  (install.cc, open.cc).
//   - A replica that may have forgotten a promise does not start: lost(). It must be destroyed, and
//     come back under a new id                                                       (open.cc).
//
// A group whose leader has nothing to do sleeps; hosts then vouch for each other  (sleep.cc).
//
// Messages of groups that are not here create nothing: who is where is decided above.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "shard/group.h"
#include "shard/neighbour.h"
#include "storage_log/log.h"
#include "world/world.h"

namespace distkv::shard {

using namespace std::chrono_literals;

struct HostOptions {
    raft::Options raft;  // Its id and timeouts are each group's own.
    storage_log::LogOptions log;
    std::string snapshots = "snapshots";  // Their directory.

    // A leader lets its group sleep when nothing has happened for so long.
    time::Duration sleep_after = 2s;

    // A machine is flushed when it has applied so much since, and the log of its group cut.
    std::size_t flush_bytes = std::size_t{64} << 20;
    // Or when the logs of all groups together need so much; then the group that has most first.
    std::size_t retained_bytes_max = std::size_t{512} << 20;
    // So much stays uncut for members that lag behind: cheaper than a snapshot.
    std::size_t laggard_bytes_max = std::size_t{32} << 20;

    // Pieces of snapshots; at most kChunkBytesMax.
    std::size_t chunk_bytes = kChunkBytesMax;

    // What this host takes in of snapshots; traffic goes on meanwhile.
    std::size_t snapshot_bytes_per_second = std::size_t{64} << 20;
};

// Who is where, and what things are made of.
struct HostServices {
    // Where a replica lives. Nothing: not known (yet), and what is for it is dropped.
    std::function<std::optional<world::Address>(GroupId, raft::ReplicaId)> address_of;

    // An unopened machine. Not for witnesses.
    std::function<std::unique_ptr<Machine>(GroupId, raft::ReplicaId)> make_machine;

    // How far a place is, as far as geography says.
    std::function<time::Span(world::Address)> distance_to = [](world::Address) {
        return time::Span{};
    };

    // Up to where whoever stamps here, on behalf of the leaders on this host, will stamp nothing
    // more. Zero: nobody says so.
    std::function<time::Hlc()> close_time = [] { return time::Hlc{}; };

    // Of whoever watches, such as a simulator: every message that a core sends.
    std::function<void(GroupId, const raft::Message&)> sent = {};
};

struct GroupSpec {
    GroupId group;
    raft::ReplicaId replica;
    bool witness = false;
    // Of the group's very first members; empty for a replica that joins a group that there is.
    raft::Membership membership;
};

enum class ReadKind : std::uint8_t {
    kLease,      // By the leader's lease where there is one; else as below.
    kReadIndex,  // The leader asks a majority. A follower asks the leader.
    kQuorum,     // Asks a majority itself, and needs no leader.
};

// A replica that does not start, because it may have forgotten what it promised.
struct LostReplica {
    GroupId group;
    std::string why;
};

struct HostCounts {
    std::uint64_t passes = 0;
    std::uint64_t frames_sent = 0;
    std::uint64_t frames_dropped = 0;  // The peer's outbox was full.
    std::uint64_t frames_refused = 0;  // Malformed.
    std::uint64_t messages_sent = 0;
    std::uint64_t entries_applied = 0;
    std::uint64_t flushes = 0;
    std::uint64_t cuts = 0;
    std::uint64_t snapshots_sent = 0;
    std::uint64_t snapshots_installed = 0;
    std::uint64_t chunks_sent = 0;
};

class Host {
public:
    // Opens the log and starts every group that it knows. Errors: the log's; a machine's.
    static world::Task<base::Result<std::unique_ptr<Host>>> open(world::World& world,
                                                                 HostOptions options,
                                                                 HostServices services);
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // Until the world asks to stop. An error: the disk can no longer be trusted, and the process
    // must end.
    world::Task<base::Result<void>> run();

    // kInvalid: the group is here already (perhaps lost).
    world::Task<base::Result<void>> create(GroupSpec spec);

    // Also of a lost one. All that waits for it hears kUnknown. May be repeated after any error;
    // kRetry: it is coming or going just now.
    world::Task<base::Result<void>> destroy(GroupId group);

    // Returns when it is applied here. kRedirect: not the leader, the detail names it. kRetry:
    // nothing has happened. kUnknown: it may still happen.
    world::Task<base::Result<raft::Position>> propose(GroupId group, raft::Body body);
    world::Task<base::Result<raft::Position>> change(GroupId group, raft::Change change);

    // Returns when enough is applied that the machine's answer is linearizable, with the index.
    world::Task<base::Result<std::uint64_t>> read(GroupId group, ReadKind kind);

    // Returns when the transfer has begun.
    world::Task<base::Result<void>> transfer(GroupId group, raft::ReplicaId to);

    // Of a follower of a sleeping group: what is applied here is all that will ever be stamped up
    // to this. Zero: not known.
    [[nodiscard]] time::Hlc closed(GroupId group) const;

    void want_ceiling(GroupId group, time::Hlc up_to);
    void campaign(GroupId group);

    [[nodiscard]] const Group* find(GroupId group) const;
    [[nodiscard]] std::vector<GroupId> groups() const;
    [[nodiscard]] const std::vector<LostReplica>& lost() const { return lost_; }
    [[nodiscard]] const HostCounts& counts() const { return counts_; }
    [[nodiscard]] const storage_log::Log& log() const { return *log_; }
    [[nodiscard]] std::size_t sleeping() const { return sleeping_; }

private:
    struct Batch;
    struct Promise;
    struct Landed;
    struct Reply;
    struct Busy;
    struct QuorumCall;
    struct Coming;
    using Due = std::pair<time::MonoTime, GroupId>;

    Host(world::World& world, HostOptions options, HostServices services);

    // host.cc: the loop
    world::Task<void> watch_log();
    world::Task<void> watch_stop();
    world::Task<base::Result<void>> wait_for_work();
    void fire_timers();
    void schedule(Group& group);
    void touch(Group& group);
    void step(Group& group, raft::Input input);
    void fail(base::Error why);
    [[nodiscard]] Group* at(GroupId group);
    [[nodiscard]] Group* at(GroupId group, std::uint64_t life);

    // pass.cc: what cores want
    void pass();
    void take_landed();
    void drain(Group& group, Batch& batch);
    void obey(Group& group, raft::Effects effects, Batch& batch);
    void persist(Group& group, const raft::Persist& persist, Batch& batch);
    void submit(Batch& batch);
    void apply(Group& group);
    world::Task<void> fetch(Group& group, raft::Fetch what);
    world::Task<base::Result<std::vector<raft::Entry>>> read_log(GroupId id, raft::Fetch what);

    // requests.cc
    void feed(Group& group);
    void take_proposed(Group& group, const raft::Proposed& proposed);
    void take_read(Group& group, const raft::ReadReady& read);
    void settle(CallNumber call, base::Result<raft::Position> outcome);
    void settle_all(std::vector<Settled>& settled);
    world::Task<base::Result<std::uint64_t>> read_from_quorum(GroupId group);
    world::Task<base::Result<void>> ask_quorum(Group& group, QuorumCall& call);
    void abandon(Group& group, const std::string& why);

    // receive.cc
    world::Task<void> receive_loop();
    void take_frame(const world::Frame& frame);
    void take(world::Address from, GroupMessage& item);
    void take(world::Address from, Pulse& item);
    void take(world::Address from, PulseAnswer& item);
    void take(world::Address from, Rouse& item);
    void take(world::Address from, QuorumAsk& item);
    void take(world::Address from, QuorumAnswer& item);
    void take(world::Address from, SnapshotOffer& item);
    void take(world::Address from, SnapshotWant& item);
    void take(world::Address from, SnapshotChunk& item);
    void take(world::Address from, SnapshotTaken& item);
    void send(Group& group, const raft::Message& message);
    void send(world::Address to, const Item& item);
    base::Encoder& outbox(world::Address to, std::size_t bytes);
    void flush(world::Address to, base::Encoder& frame);
    void flush_outboxes();

    // sleep.cc
    Neighbour& neighbour(world::Address address);
    [[nodiscard]] time::Timeouts timeouts_of(const Group& group);
    world::Task<void> pulse_loop();
    void send_pulse(world::Address to, Neighbour& there);
    void heed_silence(Neighbour& there);
    void renew_timeouts(Neighbour& there);
    void maybe_sleep(Group& group);
    void note_sleep(Group& group);
    void fall_asleep(Group& group);
    void leave_dormitories(Group& group);
    void wake(Group& group);
    void tell_contacts(Group& group);
    void take_list(world::Address from, Neighbour& there, const PulseAnswer& answer);

    // retain.cc
    world::Task<void> retain_loop();
    [[nodiscard]] Group* wants_flush();
    [[nodiscard]] bool is_over(const Group& group) const;
    world::Task<void> flush_alone(Group& group, std::shared_ptr<void> turn);
    world::Task<base::Result<void>> flush(Group& group);
    void cut(Group& group);

    // send_snapshot.cc
    world::Task<void> send_snapshot(Group& group, raft::ReplicaId to);
    world::Task<base::Result<void>> have_outgoing(Group& group);
    world::Task<base::Result<void>> save(Group& group);
    world::Task<bool> offer(Group& group, raft::ReplicaId to, SnapshotOffer offer);
    world::Task<void> send_chunk(Group& group, world::Address to, SnapshotWant want,
                                 std::shared_ptr<void> counted);
    world::Task<void> drop_outgoing(Group& group);
    world::Task<void> drop_unwanted(Group& group);

    // install.cc
    world::Task<void> receive_snapshot(Group& group);
    void give_to_core(Group& group, world::Address from, const SnapshotOffer& offer);
    world::Task<base::Result<void>> pull(Group& group, std::string path);
    world::Task<void> want_more(Group& group);
    void put_install(Group& group, Batch& batch);
    world::Task<void> load_staged(Group& group);
    world::Task<base::Result<void>> load(Group& group, const Staged& staged);

    // open.cc
    struct Found;
    world::Task<base::Result<void>> start_groups();
    world::Task<base::Result<void>> find_parts();
    world::Task<base::Result<void>> start_group(GroupId id);
    world::Task<base::Result<Found>> find_state(GroupId id);
    world::Task<base::Result<void>> close_holes(Found& found);
    world::Task<base::Result<void>> read_entries(Found& found);
    world::Task<base::Result<void>> redo(GroupId id, Found& found);
    world::Task<base::Result<void>> forget(GroupId id, Machine* machine);
    world::Task<void> remove_snapshots(GroupId id);
    void add(Found found);
    void heed_damage();
    void begin_anew(Group& group);
    world::Task<void> reopen(GroupId id, std::uint64_t life);
    void lose(GroupId id, std::string why);
    void settle_damage();

    world::World& world_;
    HostOptions options_;
    HostServices services_;
    std::unique_ptr<storage_log::Log> log_;
    std::map<GroupId, std::unique_ptr<Group>> groups_;
    std::vector<LostReplica> lost_;
    std::map<world::Address, Neighbour> neighbours_;
    std::map<world::Address, base::Encoder> outboxes_;
    std::map<std::uint64_t, QuorumCall*> quorum_calls_;
    std::deque<GroupId> ready_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> timers_;
    std::deque<Landed> landed_;
    std::set<GroupId> coming_;              // Being created, started anew, or destroyed.
    std::map<GroupId, std::string> parts_;  // Files of snapshots that have not come whole.
    std::size_t damaged_ = 0;               // Groups whose damage no note tells yet.
    std::size_t damage_seen_ = 0;
    std::uint64_t lives_ = 0;
    std::uint64_t tickets_ = 0;
    std::uint64_t first_pulse_ = 0;
    std::size_t sleeping_ = 0;
    time::MonoTime snapshots_paid_until_{};
    std::size_t chunks_under_way_ = 0;
    std::size_t incoming_ = 0;  // Snapshots.
    bool flushing_ = false;
    bool flush_hurts_ = false;  // The last one failed, for want of room.
    world::Signal work_;
    world::Signal retain_;
    std::optional<base::Error> failed_;
    HostCounts counts_;
    world::Scope tasks_;  // End first.
};

}  // namespace distkv::shard
