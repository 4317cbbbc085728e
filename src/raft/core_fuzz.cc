// A replica that peers tell whatever decodes, in any order: it must not stop. Input: messages, one
// behind the other; a byte before each says how far time moves on.
#include "raft/core.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/check.h"

namespace {

using namespace distkv;
using namespace std::chrono_literals;

raft::Options options() {
    raft::Options options;
    options.id = {1};
    options.timeouts.heartbeat = 50ms;
    options.timeouts.election_min = 200ms;
    options.timeouts.election_max = 400ms;
    options.message_bytes_max = 1000;
    options.cache_bytes_max = 200;
    return options;
}

raft::Start start() {
    raft::Start start;
    start.membership.voters = {{.id = {1}}, {.id = {2}}, {.id = {3}}};
    start.hard_state = {.term = 3, .vote = {}, .commit = 3};
    start.cut = {3, 2};
    start.applied = 3;
    start.entries = {{4, 2, raft::EntryKind::kNormal, raft::Body("four")},
                     {5, 3, raft::EntryKind::kNormal, raft::Body("five")}};
    return start;
}

// A disk and a state machine that do at once what they are asked.
class Owner {
public:
    explicit Owner(const raft::Start& start) {
        for (const raft::Entry& entry : start.entries) {
            disk_[entry.index] = entry;
        }
    }

    void obey(raft::Core& core, time::MonoTime now) {
        while (core.has_effects()) {
            const raft::Effects effects = core.take_effects();
            for (const raft::Persist& persist : effects.persist) {
                core.step(now, write(persist));
            }
            if (!effects.apply.empty()) {
                core.step(now, raft::Applied{effects.apply.back().index});
            }
            for (const raft::Fetch& fetch : effects.fetch) {
                const auto found = disk_.find(fetch.first);
                CHECK(found != disk_.end());
                core.step(now, raft::Fetched{fetch, std::vector{found->second}});
            }
            for (const raft::ReplicaId to : effects.snapshots) {
                core.step(now,
                          raft::SnapshotSent{.to = to, .at = core.log().cut(), .delivered = false});
            }
        }
    }

private:
    raft::Persisted write(const raft::Persist& persist) {
        if (persist.entries.empty()) {
            return {.sequence = persist.sequence};
        }
        disk_.erase(disk_.lower_bound(persist.entries.front().index), disk_.end());
        for (const raft::Entry& entry : persist.entries) {
            disk_[entry.index] = entry;
        }
        return {.sequence = persist.sequence, .last = persist.entries.back().position()};
    }

    std::map<std::uint64_t, raft::Entry> disk_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    time::MonoTime now(1s);
    raft::Core core(options(), start(), now, base::Rng(1));
    Owner owner(start());
    owner.obey(core, now);
    base::Decoder in(base::ByteView(reinterpret_cast<const char*>(data), size));
    for (;;) {
        const auto moves = in.fixed<std::uint8_t>();
        auto message = raft::decode_message(in);
        if (!moves || !message) {
            break;
        }
        now += *moves * 4ms;
        core.step(now, raft::Tick{});
        owner.obey(core, now);
        core.step(now, *std::move(message));
        owner.obey(core, now);
        if (core.role() == raft::Role::kLeader) {
            core.step(now, raft::Propose{.ticket = 1, .bodies = {raft::Body("more")}});
            core.step(now, raft::Read{.ticket = 2});
            owner.obey(core, now);
        }
        CHECK(core.commit() <= core.log().last_index());
        CHECK(core.durable_last() <= core.log().last_index());
        CHECK(core.lease_until() <= now + 400ms);
    }
    return 0;
}
