// What one pass hands to the log at once, and what it means to whom. Private to the module.
#pragma once

#include <vector>

#include "base/check.h"
#include "shard/host.h"

namespace distkv::shard {

// A note of the shared log that belongs to a group.
enum class Note : std::uint8_t {
    kIdentity = 1,    // Which replica this is.
    kPromises = 2,    // What the hard state of the log has no room for.
    kMembership = 3,  // As of the cut.
    kIntent = 4,      // A snapshot is being installed, or the replica destroyed.
};

storage_log::Record note(GroupId group, Note number, base::Bytes value);

struct Host::Promise {
    GroupId group;
    std::uint64_t life = 0;
    std::uint64_t sequence = 0;
    raft::Position last{};
    bool installs = false;
};

struct Host::Batch {
    std::vector<storage_log::Record> records;
    std::vector<Promise> promises;
    std::size_t bytes = 0;

    void add(storage_log::Record record);
};

struct Host::Landed {
    std::vector<Promise> promises;
    base::Result<void> outcome;
};

// A machine is asked for one thing at a time, besides applying.
struct Host::Busy {
    Busy(Host& owner, Group& its_group) : host(owner), group(its_group) {
        CHECK(!group.machine_busy);
        group.machine_busy = true;
    }
    ~Busy() {
        group.machine_busy = false;
        group.machine_idle.wake_all();
        host.retain_.wake_all();
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

    Host& host;
    Group& group;
};

struct Host::Reply : world::PendingCalls::Call {
    explicit Reply(world::World& world) : Call(world.pending_calls()), changed(world.scheduler()) {}

    std::optional<base::Result<raft::Position>> outcome;
    world::Signal changed;
};

}  // namespace distkv::shard
