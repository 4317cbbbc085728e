// Judges a simulated run of gossip from outside, with the truth in hand: what every clock really
// shows. It holds the nodes to what they promise, at every step:
//
//   * A stamp is above every stamp its reactor made or received before, across restarts; that of a
//     received message is above the message's. So stamps respect happens-before.
//   * With the guard on, no stamp is further ahead of its own node's wall than the refusal limit
//   and
//     the ceilings of its restarts allow: one clock an hour ahead contaminates nobody else.
//   * The bounds on a peer's clock contain the truth; between a step of that clock and the first
//     message sent after it, they contain what the newest message said. A clock that stands still
//     steps all the time.
//   * While a majority is within epsilon, no good clock is named, and every clock off by more than
//     twice the widest measured interval is, its own included, as far as messages have told. When
//     no majority could agree, the verdict says so.
//   * In calm weather the clock of whoever can be reached is bounded within some rounds, as closely
//     as the link allows and from recent news: so a clock that is off, or stands still, is named
//     within as many.
//   * A message seems to beat light exactly if the two clocks say so; that of two good ones never
//     does.
//   * The guard lets no stamp in that is beyond the refusal limit, and refuses none below it.
//   * No message number is used twice, also across restarts.
//   * At the end of the healing stamps follow the wall.
//   * After the healing: every healthy node that can reach a majority comes to a verdict, which
//     leaves the healthy ones alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gossip/gossip.h"
#include "gossip/observer.h"
#include "sim/planet.h"
#include "sim/report.h"

namespace distkv::scenario {

class GossipChecker : public gossip::Observer {
public:
    // `options` are those that all nodes run with.
    GossipChecker(sim::Planet& planet, const gossip::GossipOptions& options);

    void stamped(world::Address at, time::Hlc stamp) override;
    void received(world::Address at, world::Address from, time::Hlc remote,
                  time::Hlc stamp) override;
    void refused(world::Address at, world::Address from, time::Hlc remote) override;
    void sent(world::Address at, world::Address to, const gossip::Message& message) override;
    void heard(world::Address at, world::Address from, const gossip::Message& message) override;
    void faster_than_light(world::Address at, world::Address from) override;
    void ping_ended(world::Address at, bool definite) override;
    void judged(world::Address at, const std::vector<time::PeerClock>& peers,
                const time::ClockVerdict& verdict) override;

    // After the last event.
    void finish();

    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    [[nodiscard]] const sim::Operations& operations() const { return operations_; }

    struct Counts {
        std::uint64_t stamps = 0;
        std::uint64_t bounds_checked = 0;
        std::uint64_t bounds_of_old_news = 0;  // The clock was set since.
        std::uint64_t bounds_close = 0;        // As close as a calm link allows.
        std::uint64_t verdicts_named = 0;      // Checked under a good majority,
        std::uint64_t verdicts_unnamed = 0;    // and where a majority was not known to be good.
        std::uint64_t clocks_named = 0;
        std::uint64_t stamps_at_the_wall = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    struct Truth {  // About the clocks of one verdict.
        std::size_t measured = 1;
        std::size_t measured_good = 0;
        std::size_t good = 0;
        time::Duration widest{};  // Of the measured intervals, widened by epsilon on both sides.
        // How far the measured clocks are off, as far as the judge can know.
        std::map<base::NodeId, time::Duration> known_errors;
    };
    struct LastVerdict {
        sim::TrueTime at;
        time::ClockVerdict verdict;
        std::set<base::NodeId> measured;
    };
    struct Sent {  // When, and how far the sender's clock was off.
        sim::TrueTime at;
        time::Duration error;
    };
    // Who listens, since which start of its node, and to whom.
    using Listener = std::tuple<world::Address, std::uint64_t, world::Address>;

    void take_stamp(world::Address at, time::Hlc stamp);
    void check_ahead(world::Address at, time::Hlc stamp);
    void check_behind(world::Address at, time::Hlc stamp);
    [[nodiscard]] time::Duration ahead_of_wall(base::NodeId node, time::Hlc remote) const;
    [[nodiscard]] time::Duration error_of(base::NodeId node) const;
    [[nodiscard]] std::optional<time::Duration> known_error(world::Address at,
                                                            world::Address peer) const;
    [[nodiscard]] std::int64_t rounds_max() const;  // To bound whoever can be reached.
    [[nodiscard]] bool news_is_recent(world::Address at, base::NodeId peer) const;
    [[nodiscard]] bool good(base::NodeId node) const;
    [[nodiscard]] Truth truth_of(world::Address at, const std::vector<time::PeerClock>& peers);
    void check_bounds(world::Address at, const time::PeerClock& peer, time::Duration error);
    [[nodiscard]] bool settled() const;
    [[nodiscard]] bool reachable(base::NodeId from, base::NodeId to) const;
    [[nodiscard]] time::Duration closest_bound(base::NodeId at, base::NodeId peer) const;
    void check_rounds(world::Address at, const time::PeerClock& peer);
    void check_named(world::Address at, const std::vector<time::PeerClock>& peers,
                     const Truth& truth, const time::ClockVerdict& verdict);
    void check_undetermined(world::Address at, const Truth& truth,
                            const time::ClockVerdict& verdict);
    void finish_node(const sim::Node& node);
    [[nodiscard]] bool may_refuse_to_run(base::NodeId node) const;
    [[nodiscard]] bool healthy(base::NodeId node) const;
    void violation(world::Address at, const std::string& what);

    sim::Planet& planet_;
    gossip::GossipOptions options_;
    bool was_calm_;                                                           // From the beginning.
    std::map<std::pair<base::NodeId, base::NodeId>, time::Duration> floors_;  // Of light.
    std::map<world::Address, time::Hlc> highest_;  // Ever stamped, across restarts.
    // When each message was sent: by sender and incarnation, in the order of their numbers.
    std::map<std::pair<world::Address, std::uint64_t>, std::vector<Sent>> sent_at_;
    std::map<Listener, Sent> newest_heard_;
    std::map<Listener, int> rounds_without_;  // A bound that a calm link allows.
    bool beat_light_ = false;                 // What was said of the message just heard.
    std::map<world::Address, LastVerdict> last_verdict_;
    std::vector<std::string> violations_;
    sim::Operations operations_;
    Counts counts_;
};

}  // namespace distkv::scenario
