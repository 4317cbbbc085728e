// What one host knows about another one: how far away it is, and which groups sleep between the
// two. Pure.
//
//     here                                          there
//     leads groups that sleep  ── pulse, digest ──►  compares with those that sleep under us
//     vouched_until            ◄── same / list ────  promises not to vote for others meanwhile
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "shard/frame.h"
#include "time/timeouts.h"

namespace distkv::shard {

// The groups that sleep on one side of a pair, and the one number that stands for all of them.
class Dormitory {
public:
    void enter(Sleeper sleeper);
    void leave(Sleeper sleeper);

    [[nodiscard]] std::uint64_t digest() const { return digest_; }
    [[nodiscard]] const std::set<Sleeper>& sleepers() const { return sleepers_; }
    [[nodiscard]] bool empty() const { return sleepers_.empty(); }

private:
    std::set<Sleeper> sleepers_;
    std::uint64_t digest_ = 0;
};

// The last few round trips.
class RoundTrips {
public:
    void add(time::Duration rtt);
    void forget() { last_.clear(); }
    [[nodiscard]] bool empty() const { return last_.empty(); }
    // Nothing before there are a few.
    [[nodiscard]] std::optional<time::MeasuredRtt> measured() const;

private:
    std::deque<time::Duration> last_;
};

// From the distance, and from what was measured as far as that is plausible. A link that is many
// times slower than its length is ill; to wait for it makes every failover as long.
time::Timeouts timeouts_for(time::Span distance, const RoundTrips& round_trips);

struct Neighbour {
    time::Span distance;
    time::Duration pulse_every{};  // From the distance alone.
    time::Timeouts timeouts;
    RoundTrips round_trips;
    std::uint64_t pulses = 0;  // Sent.
    time::MonoTime pulse_due{};

    // As leader: what sleeps here and has a member there. The newest pulse that was answered with
    // "the same" counts for all that slept when it was sent.
    Dormitory led;
    time::MonoTime vouched_sent_at{};
    time::Duration vouched_lease{};
    time::MonoTime answered{};                 // The last answer of any kind.
    std::map<GroupId, std::uint64_t> missing;  // Not asleep there, and since which pulse.

    // As follower: what sleeps here under a leader there. The last pulse counts for all of them.
    Dormitory followed;
    time::MonoTime heard{};
    time::MonoTime promised_until{};  // No later promise takes back what an earlier one gave.
    // What the newest pulse closed that fitted what sleeps here, and when it came.
    time::Hlc closed;
    time::MonoTime closed_at{};
};

}  // namespace distkv::shard
