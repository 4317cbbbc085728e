#include "scenario/gossip_checker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::scenario {

using time::Duration;
using world::Address;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kViolationsMax = 20;  // The first ones say it all.
constexpr Duration kCounterRoom = 2ms;      // Counters carry into the microseconds.
constexpr Duration kCeilingWindow = time::HlcClockOptions{}.ceiling_window;
constexpr int kVerdictsLateMax = 3;
constexpr int kRoundsAtLeast = 4;
constexpr Duration kBehindMax = 1ms;
constexpr Duration kHoldUpMax = 21s;    // Of what the weather held up before the healing.
constexpr Duration kBoundSlack = 10ms;  // Ageing since the last round trip.

}  // namespace

GossipChecker::GossipChecker(sim::Planet& planet, const gossip::GossipOptions& options)
    : planet_(planet),
      options_(options),
      was_calm_(planet.stage().weather.on == sim::Weather::calm().on) {
    for (const auto& a : planet.nodes()) {
        for (const auto& b : planet.nodes()) {
            floors_[{a->id(), b->id()}] = time::light_floor(a->options().place, b->options().place);
        }
    }
}

void GossipChecker::violation(Address at, const std::string& what) {
    if (violations_.size() < kViolationsMax) {
        const auto millis = time::to_millis(planet_.stage().now().time_since_epoch());
        violations_.push_back("at " + std::to_string(millis) + " ms, node " + to_string(at) + ": " +
                              what);
    }
}

// ---- stamps

void GossipChecker::stamped(Address at, time::Hlc stamp) {
    take_stamp(at, stamp);
}

void GossipChecker::received(Address at, Address from, time::Hlc remote, time::Hlc stamp) {
    if (stamp <= remote) {
        violation(at, "received " + to_string(remote) + " and stamped that event " +
                          to_string(stamp) + ": an effect before its cause");
    }
    if (remote > highest_[from]) {
        violation(at, "received the stamp " + to_string(remote) + ", which node " +
                          to_string(from) + " never made");
    }
    if (from.node != at.node && ahead_of_wall(at.node, remote) > options_.skew.refusal) {
        violation(at, "believed " + to_string(remote) + " of node " + to_string(from) +
                          ", which is beyond the refusal limit");
    }
    take_stamp(at, stamp);
}

void GossipChecker::take_stamp(Address at, time::Hlc stamp) {
    ++counts_.stamps;
    sim::Stage& stage = planet_.stage();
    stage.trace.add(stage.now(), sim::TraceKind::kObserved, at.node, stamp.word);
    time::Hlc& highest = highest_[at];
    if (stamp <= highest) {
        violation(at, "stamped " + to_string(stamp) + " after " + to_string(highest) +
                          ": the clock went back");
    }
    highest = std::max(highest, stamp);
    check_ahead(at, stamp);
    check_behind(at, stamp);
}

// A ceiling that was made durable just before a crash lifts the next start by one window.
void GossipChecker::check_ahead(Address at, time::Hlc stamp) {
    const sim::Node& node = planet_.node(at.node);
    const time::WallTime latest = node.clock().latest_shown(planet_.stage().now());
    const auto starts = static_cast<std::int64_t>(node.starts());
    const time::WallTime bound =
        latest + options_.skew.refusal + kCeilingWindow * starts + kCounterRoom;
    if (stamp.physical() > bound) {
        violation(at, "stamped " + to_string(stamp) +
                          " while its own wall never showed more than " + to_string(latest) +
                          ": contaminated by another clock");
    }
}

// Before the healing a stamp may be taken from under a ceiling that could not be raised, or a leap
// of the wall be in doubt; in the last tenth of the run no reason is left.
void GossipChecker::check_behind(Address at, time::Hlc stamp) {
    const sim::TrueTime now = planet_.stage().now();
    const Duration run = planet_.ends_at().time_since_epoch();
    if (now.time_since_epoch() < run / 10 * 9 || !healthy(at.node)) {
        return;
    }
    ++counts_.stamps_at_the_wall;
    const time::WallTime wall = planet_.node(at.node).clock().wall(now);
    if (stamp.physical() < wall - kBehindMax) {
        violation(at, "stamped " + to_string(stamp) + " when its wall showed " + to_string(wall) +
                          ": it does not follow the wall");
    }
}

// As the guard reckons.
Duration GossipChecker::ahead_of_wall(base::NodeId node, time::Hlc remote) const {
    const time::WallTime wall = planet_.node(node).clock().wall(planet_.stage().now());
    return remote.physical() - time::Hlc::at(wall).physical();
}

void GossipChecker::refused(Address at, Address from, time::Hlc remote) {
    // A clock that has leapt is doubted for a while, and stamps are judged as if it had not.
    const sim::Clock& clock = planet_.node(at.node).clock();
    if (!clock.ever_stepped() && ahead_of_wall(at.node, remote) <= options_.skew.refusal) {
        violation(at, "refused " + to_string(remote) + " of node " + to_string(from) +
                          ", which is within the limit");
    }
}

// ---- messages

void GossipChecker::sent(Address at, Address /*to*/, const gossip::Message& message) {
    auto& times = sent_at_[{at, message.incarnation}];
    CHECK(message.number >= 1);
    if (message.number <= times.size()) {
        violation(at, "used the message number " + std::to_string(message.number) + " twice");
    }
    times.resize(std::max<std::size_t>(times.size(), message.number));
    times[message.number - 1] = {planet_.stage().now(), error_of(at.node)};
}

void GossipChecker::heard(Address at, Address from, const gossip::Message& message) {
    const auto found = sent_at_.find({from, message.incarnation});
    if (found == sent_at_.end() || message.number < 1 || message.number > found->second.size()) {
        violation(at, "heard a message that node " + to_string(from) + " never sent");
        return;
    }
    const Sent& sent = found->second[message.number - 1];
    const auto [newest, first] =
        newest_heard_.try_emplace({at, planet_.node(at.node).starts(), from}, sent);
    if (!first && sent.at > newest->second.at) {
        newest->second = sent;
    }

    const Duration floor = floors_.at({at.node, from.node});
    const Duration took =
        planet_.node(at.node).clock().wall(planet_.stage().now()) - message.sent.wall;
    if (std::exchange(beat_light_, false) != (floor - took > 2 * options_.epsilon)) {
        violation(at, "was wrong about whether a message of node " + to_string(from) +
                          " seemed to beat light: it took " + std::to_string(took.count()) +
                          " ns by the clocks");
    }
}

void GossipChecker::faster_than_light(Address at, Address from) {
    beat_light_ = true;
    // Drift and jumps take clocks in and out of epsilon while a message is on its way, so only
    // pairs that were good all the time count.
    if (good(at.node) && good(from.node) && !planet_.node(at.node).clock().ever_stepped() &&
        !planet_.node(from.node).clock().ever_stepped()) {
        violation(at, "a message of node " + to_string(from) +
                          " seemed to beat light, though both clocks are good");
    }
}

void GossipChecker::ping_ended(Address /*at*/, bool definite) {
    ++(definite ? operations_.definite : operations_.unknown);
}

// ---- verdicts

Duration GossipChecker::error_of(base::NodeId node) const {
    return planet_.node(node).clock().error(planet_.stage().now());
}

bool GossipChecker::good(base::NodeId node) const {
    return std::chrono::abs(error_of(node)) <= options_.epsilon;
}

// What a listener can know of the peer's clock: how far it was off when the newest message that
// came was sent, if the clock has been set since; nothing if none came.
std::optional<Duration> GossipChecker::known_error(Address at, Address peer) const {
    const auto newest = newest_heard_.find({at, planet_.node(at.node).starts(), peer});
    if (newest == newest_heard_.end()) {
        return std::nullopt;
    }
    const auto step = planet_.node(peer.node).clock().last_step(planet_.stage().now());
    return step && *step >= newest->second.at ? newest->second.error : error_of(peer.node);
}

void GossipChecker::judged(Address at, const std::vector<time::PeerClock>& peers,
                           const time::ClockVerdict& verdict) {
    LastVerdict& last = last_verdict_[at];
    last = {planet_.stage().now(), verdict, {at.node}};
    const Truth truth = truth_of(at, peers);
    for (const time::PeerClock& peer : peers) {
        if (peer.offset) {
            last.measured.insert(peer.node);
        }
        check_rounds(at, peer);
    }
    counts_.clocks_named += verdict.off.size();
    const std::size_t majority = (peers.size() + 1) / 2 + 1;
    if (truth.good >= majority) {
        ++counts_.verdicts_named;
        check_named(at, peers, truth, verdict);
    } else {
        ++counts_.verdicts_unnamed;
        check_undetermined(at, truth, verdict);
    }
}

GossipChecker::Truth GossipChecker::truth_of(Address at,
                                             const std::vector<time::PeerClock>& peers) {
    Truth truth;
    truth.good = good(at.node) ? 1 : 0;
    truth.measured_good = truth.good;
    truth.widest = 2 * options_.epsilon;
    truth.known_errors[at.node] = error_of(at.node);
    for (const time::PeerClock& peer : peers) {
        const std::size_t is_good = good(peer.node) ? 1 : 0;
        if (!peer.offset) {
            truth.good += is_good;
            continue;
        }
        ++truth.measured;
        truth.widest = std::max(truth.widest, peer.offset->width() + 2 * options_.epsilon);
        const auto error = known_error(at, {peer.node, at.reactor});
        if (!error) {
            violation(at, "has measured node " + to_string(peer.node) + " without hearing from it");
            continue;
        }
        // One that was set right since the news of it counts as bad: so it still seems.
        const std::size_t seems_good = std::chrono::abs(*error) <= options_.epsilon ? is_good : 0;
        truth.good += seems_good;
        truth.measured_good += seems_good;
        truth.known_errors[peer.node] = *error;
        check_bounds(at, peer, *error);
    }
    return truth;
}

void GossipChecker::check_bounds(Address at, const time::PeerClock& peer, Duration error) {
    ++(error == error_of(peer.node) ? counts_.bounds_checked : counts_.bounds_of_old_news);
    const Duration real = error - error_of(at.node);
    // Since old news the clock, had nobody set it, would have drifted as its oscillator does.
    const auto newest =
        newest_heard_.at({at, planet_.node(at.node).starts(), {peer.node, at.reactor}});
    const Duration drifted = error == error_of(peer.node)
                                 ? Duration(0)
                                 : time::kServerDrift.over(planet_.stage().now() - newest.at);
    if (!peer.offset->widened(drifted).contains(real)) {
        violation(at, "bounds the clock of node " + to_string(peer.node) + " to [" +
                          std::to_string(peer.offset->low.count()) + ", " +
                          std::to_string(peer.offset->high.count()) +
                          "] ns from its own; it is really " + std::to_string(real.count()));
    }
}

// Nothing is held up any more, and nothing will be.
bool GossipChecker::settled() const {
    const sim::TrueTime healed = planet_.heals_at() + kBoundSlack;
    const Duration held_up =
        std::min(kHoldUpMax, planet_.ends_at().time_since_epoch() / 6 + Duration(1s));
    return was_calm_ || planet_.stage().now() > healed + held_up;
}

bool GossipChecker::reachable(base::NodeId from, base::NodeId to) const {
    const auto runs = [](const sim::Node& node) { return node.up() && !node.paused(); };
    return runs(planet_.node(from)) && runs(planet_.node(to)) &&
           !planet_.fabric().is_cut(from, to) && !planet_.fabric().is_cut(to, from);
}

// What a round trip in calm weather leaves open.
Duration GossipChecker::closest_bound(base::NodeId at, base::NodeId peer) const {
    const sim::LinkShape& there = planet_.fabric().link(at, peer);
    const sim::LinkShape& back = planet_.fabric().link(peer, at);
    const Duration floor = floors_.at({at, peer});
    return there.delay + there.jitter_max + back.delay + back.jitter_max - 2 * floor + kBoundSlack;
}

// Among its messages of the last rounds of pings.
bool GossipChecker::news_is_recent(Address at, base::NodeId peer) const {
    const auto newest =
        newest_heard_.find({at, planet_.node(at.node).starts(), {peer, at.reactor}});
    return newest != newest_heard_.end() &&
           planet_.stage().now() - newest->second.at <= rounds_max() * options_.judge_every;
}

std::int64_t GossipChecker::rounds_max() const {
    const auto asked_every =
        static_cast<std::int64_t>(planet_.nodes().size()) * options_.ping_every;
    return kRoundsAtLeast + 2 * (asked_every / options_.judge_every);
}

// Each peer is asked once a round of pings, and each answer bounds its clock from both sides.
void GossipChecker::check_rounds(Address at, const time::PeerClock& peer) {
    int& rounds = rounds_without_[{at, planet_.node(at.node).starts(), {peer.node, at.reactor}}];
    if (!settled() || !reachable(at.node, peer.node)) {
        rounds = 0;
        return;
    }
    const Duration close = closest_bound(at.node, peer.node);
    if (peer.offset && peer.offset->width() <= close && news_is_recent(at, peer.node)) {
        ++counts_.bounds_close;
        rounds = 0;
        return;
    }
    if (++rounds > rounds_max()) {
        violation(at, "has not bounded the clock of node " + to_string(peer.node) + " to " +
                          std::to_string(close.count()) + " ns in " + std::to_string(rounds) +
                          " rounds");
    }
}

void GossipChecker::check_named(Address at, const std::vector<time::PeerClock>& peers,
                                const Truth& truth, const time::ClockVerdict& verdict) {
    for (const base::NodeId named : verdict.off) {
        if (good(named) && std::chrono::abs(truth.known_errors.at(named)) <= options_.epsilon) {
            violation(at, "names the good clock of node " + to_string(named) + ", off by " +
                              std::to_string(error_of(named).count()) + " ns");
        }
    }
    const std::size_t clocks = peers.size() + 1;
    if (truth.measured < clocks / 2 + 1 || truth.measured_good < clocks - clocks / 2) {
        return;  // Too few good clocks measured to say anything.
    }
    if (!verdict.determined) {
        violation(at, "comes to no verdict although a majority of good clocks is measured");
    }
    for (const auto& [node, error] : truth.known_errors) {
        if (std::chrono::abs(error) > 2 * truth.widest && !verdict.names(node)) {
            violation(at, "does not name node " + to_string(node) + ", off by " +
                              std::to_string(error.count()) + " ns");
        }
    }
}

// If no majority of clocks lies close enough together that it could agree, nobody may be named.
void GossipChecker::check_undetermined(Address at, const Truth& truth,
                                       const time::ClockVerdict& verdict) {
    std::vector<Duration> errors;
    for (const auto& [node, error] : truth.known_errors) {
        errors.push_back(error);
    }
    std::ranges::sort(errors);
    const std::size_t unmeasured = verdict.clocks - truth.measured;
    const std::size_t needed = verdict.clocks / 2 + 1;
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < errors.size(); ++last) {
        while (errors[last] - errors[first] > 2 * truth.widest) {
            ++first;
        }
        most = std::max(most, last - first + 1);
    }
    if (most + unmeasured < needed && verdict.determined) {
        violation(at, "comes to a verdict although no majority of clocks can agree");
    }
}

// ---- the end

bool GossipChecker::healthy(base::NodeId node) const {
    return planet_.node(node).up() && !planet_.nemesis().broken_for_ever().contains(node);
}

void GossipChecker::finish() {
    for (const auto& node : planet_.nodes()) {
        if (!planet_.nemesis().broken_for_ever().contains(node->id())) {
            finish_node(*node);
        }
    }
}

// Only when it cannot know how far its clock had come: both copies of a ceiling were damaged, or
// the one there was before the second was first written.
bool GossipChecker::may_refuse_to_run(base::NodeId id) const {
    const sim::Node& node = planet_.node(id);
    const std::uint64_t flips = node.disk().bits_flipped();
    bool all_stamped = true;
    for (std::size_t reactor = 0; reactor < node.options().reactors; ++reactor) {
        const auto highest = highest_.find({id, {reactor}});
        all_stamped = all_stamped && highest != highest_.end() && highest->second != time::Hlc{};
    }
    return flips > (all_stamped ? 1U : 0U);
}

void GossipChecker::finish_node(const sim::Node& node) {
    const sim::TrueTime now = planet_.stage().now();
    if (!node.up()) {
        if (!may_refuse_to_run(node.id())) {
            violation({node.id(), {0}}, "is down at the end, and its disk holds what it needs");
        }
        return;
    }
    for (std::size_t reactor = 0; reactor < node.options().reactors; ++reactor) {
        const Address at{node.id(), {reactor}};
        const auto last = last_verdict_.find(at);
        if (last == last_verdict_.end() ||
            now - last->second.at > kVerdictsLateMax * options_.judge_every) {
            violation(at, "gives no verdicts any more at the end");
            continue;
        }
        if (!last->second.verdict.determined) {
            violation(at, "is healed and has not come to a verdict: of " +
                              std::to_string(last->second.verdict.clocks) + " clocks " +
                              std::to_string(last->second.verdict.measured) + " are measured");
        }
        for (const auto& other : planet_.nodes()) {
            if (healthy(other->id()) && !last->second.measured.contains(other->id())) {
                violation(at, "has not measured the healed node " + to_string(other->id()));
            }
        }
        for (const base::NodeId named : last->second.verdict.off) {
            if (healthy(named)) {
                violation(at, "still names the healed node " + to_string(named));
            }
        }
    }
}

}  // namespace distkv::scenario
