// A replica that peers tell whatever decodes, in any order, while its owner does this and that: it
// must not stop. Input: messages, one behind the other, with a byte before each: how far time moves
// on (5 bits, of 16 ms), and what the owner does first (3 bits, see Act).
#include "raft/core.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/check.h"

namespace {

using namespace distkv;
using namespace std::chrono_literals;
using namespace distkv::raft;

Options options() {
    Options options;
    options.id = {1};
    options.timeouts.heartbeat = 50ms;
    options.timeouts.election_min = 200ms;
    options.timeouts.election_max = 400ms;
    options.message_bytes_max = 1000;
    options.cache_bytes_max = 200;
    options.reads_max = 5;
    return options;
}

Start start() {
    Start start;
    start.membership.voters = {{.id = {1}}, {.id = {2}}, {.id = {3}}};
    start.hard_state = {.term = 3, .vote = {}, .commit = 3};
    start.cut = {3, 2};
    start.applied = 3;
    start.entries = {{4, 2, EntryKind::kNormal, Body("four")},
                     {5, 3, EntryKind::kNormal, Body("five")}};
    return start;
}

enum class Act : std::uint8_t {
    kNothing,
    kPropose,  // And read.
    kChange,
    kTransfer,
    kCut,
    kSleep,     // Or wake.
    kDisk,      // Stalls; if it does, answers all or refuses all.
    kSnapshot,  // Of what the message calls `at` is offered.
};

// A replica with its disk, which answers at once unless it stalls.
class Replica {
public:
    Replica() : core_(options(), start(), now_, base::Rng(1)) {
        for (const Entry& entry : start().entries) {
            disk_[entry.index] = entry;
        }
        obey();
    }

    void step(Input input) {
        core_.step(now_, std::move(input));
        obey();
    }

    void pass(time::Duration time) { now_ += time; }

    void act(Act act, const Message& m) {
        switch (act) {
            case Act::kNothing:
                return;
            case Act::kPropose:
                step(Propose{.ticket = 1, .bodies = {Body("more")}});
                return step(Read{.ticket = 2, .may_use_lease = m.forced});
            case Act::kChange:
                return change(m);
            case Act::kTransfer:
                return step(Transfer{.ticket = 4, .to = m.from});
            case Act::kCut:
                disk_.erase(disk_.begin(), disk_.upper_bound(applied_));
                return step(Cut{applied_});
            case Act::kSleep:
                return core_.is_asleep() ? step(Wake{}) : step(Sleep{});
            case Act::kDisk:
                return m.rejected ? refuse() : stall();
            case Act::kSnapshot:
                if (m.at.index > 0) {
                    step(OfferSnapshot{.from = m.from,
                                       .term = m.term,
                                       .meta = {.at = m.at, .membership = core_.membership()}});
                }
        }
    }

    void judge() const {
        CHECK(core_.commit() <= core_.log().last_index());
        CHECK(core_.durable_last() <= core_.log().last_index());
        CHECK(core_.log().cut().index <= core_.commit());
        CHECK(core_.lease_until() <= now_ + 400ms || core_.membership().voters.size() == 1);
    }

private:
    void change(const Message& m) {
        Change change{.leave = core_.membership().is_joint()};
        if (!change.leave && core_.membership().find(m.from) == nullptr) {
            (m.forgot ? change.add_learners : change.add_voters).push_back({.id = m.from});
        } else if (!change.leave) {
            change.remove.push_back(m.from);
        }
        change.joint = m.forced && !change.leave;
        step(ProposeChange{.ticket = 3, .change = change});
    }

    void stall() {
        stalls_ = !stalls_;
        while (!stalls_ && !under_way_.empty()) {
            const Persist persist = under_way_.front();
            under_way_.pop_front();
            core_.step(now_, write(persist));
        }
        obey();
    }

    void refuse() {
        if (!under_way_.empty()) {
            const std::uint64_t first = under_way_.front().sequence;
            under_way_.clear();
            step(PersistRefused{first});
        }
    }

    void obey() {
        while (core_.has_effects()) {
            obey(core_.take_effects());
        }
    }

    void obey(const Effects& effects) {
        for (const Persist& persist : effects.persist) {
            if (stalls_) {
                under_way_.push_back(persist);
            } else {
                core_.step(now_, write(persist));
            }
        }
        if (!effects.apply.empty()) {
            applied_ = effects.apply.back().index;
            core_.step(now_, Applied{applied_});
        }
        for (const Fetch& fetch : effects.fetch) {
            const auto found = disk_.find(fetch.first);
            Fetched fetched{fetch, base::fail(base::Errc::kNotFound, "it was cut")};
            if (found != disk_.end()) {
                fetched.entries = std::vector{found->second};
            }
            core_.step(now_, std::move(fetched));
        }
        for (const ReplicaId to : effects.snapshots) {
            core_.step(now_, SnapshotSent{.to = to, .at = core_.log().cut(), .delivered = false});
        }
    }

    Persisted write(const Persist& persist) {
        if (persist.snapshot) {
            disk_.clear();
            applied_ = persist.snapshot->at.index;
        }
        if (persist.entries.empty()) {
            return {.sequence = persist.sequence};
        }
        disk_.erase(disk_.lower_bound(persist.entries.front().index), disk_.end());
        for (const Entry& entry : persist.entries) {
            disk_[entry.index] = entry;
        }
        return {.sequence = persist.sequence, .last = persist.entries.back().position()};
    }

    time::MonoTime now_{1s};
    Core core_;
    std::map<std::uint64_t, Entry> disk_;
    std::deque<Persist> under_way_;
    bool stalls_ = false;
    std::uint64_t applied_ = 3;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Replica replica;
    base::Decoder in(base::ByteView(reinterpret_cast<const char*>(data), size));
    for (;;) {
        const auto head = in.fixed<std::uint8_t>();
        auto message = decode_message(in);
        if (!head || !message) {
            return 0;
        }
        replica.pass((*head & 31) * 16ms);
        replica.step(Tick{});
        replica.act(static_cast<Act>(*head >> 5), *message);
        replica.step(*std::move(message));
        replica.judge();
    }
}
