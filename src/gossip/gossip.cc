#include "gossip/gossip.h"

#include <utility>

#include "base/check.h"
#include "world/call.h"
#include "world/deadline.h"

namespace distkv::gossip {

using base::Errc;
using base::Result;
using world::Address;
using world::Mark;
using world::Task;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kTasksMax =
    1024;  // Pings and messages under way; beyond it they are dropped.
constexpr time::Duration kSiblingEvery = 150ms;
constexpr int kLoadAttempts = 10;
constexpr time::Duration kLoadRetryAfter = 100ms;

}  // namespace

// A ping under way: found by its number when the answer comes, gone when it is cancelled.
struct Gossip::Ping {
    Ping(Gossip& owner, std::uint64_t id)
        : gossip(owner), number(id), answered(owner.world_.scheduler()) {
        gossip.pings_[number] = this;
    }
    ~Ping() { gossip.pings_.erase(number); }
    Ping(const Ping&) = delete;
    Ping& operator=(const Ping&) = delete;

    Gossip& gossip;
    std::uint64_t number;
    bool done = false;
    world::Signal answered;
};

Gossip::Gossip(world::World& world, GossipOptions options, Observer& observer, DurableClock& clock)
    : world_(world),
      options_(std::move(options)),
      observer_(observer),
      clock_(clock),
      guard_(options_.skew),
      local_(world.locals(), *this),
      tasks_(world.scheduler()) {
    for (const Peer& peer : options_.peers) {
        known_.emplace(peer.address, Known{peer, time::OffsetBounds(options_.offsets)});
    }
}

Gossip::~Gossip() = default;

Task<void> Gossip::run() {
    tasks_.spawn("keep_ceiling", clock_.keep());
    tasks_.spawn("receive", receive_loop());
    tasks_.spawn("judge", judge_loop());
    tasks_.spawn("siblings", sibling_loop());
    if (!options_.peers.empty()) {
        tasks_.spawn("ping", ping_loop());
    }
    while (!world_.stopping()) {
        co_await world_.stop_signal().wait();
    }
}

// ---- asking

Task<void> Gossip::ping_loop() {
    std::vector<Address> round;  // Whom to ask before anybody is asked again.
    for (;;) {
        const auto jitter = world_.rng().between(0, options_.ping_every.count());
        co_await world_.sleep_for(options_.ping_every / 2 + time::Duration(jitter));
        if (round.empty()) {
            for (const Peer& peer : options_.peers) {
                round.push_back(peer.address);
            }
        }
        std::swap(round[world_.rng().below(round.size())], round.back());
        if (tasks_.size() < kTasksMax) {
            tasks_.spawn("ping_one", ping(round.back()));
        }
        round.pop_back();
    }
}

Task<void> Gossip::ping(Address to) {
    const time::MonoTime due = world_.mono_now() + options_.ping_deadline;
    const Result<void> outcome =
        co_await world::with_deadline(world_.scheduler(), due, ping_and_wait(to));
    const bool definite = outcome || outcome.error().code != Errc::kUnknown;
    observer_.ping_ended(options_.self, definite);
}

Task<Result<void>> Gossip::ping_and_wait(Address to) {
    const time::Hlc stamp = CO_TRY(co_await clock_.stamp());
    observer_.stamped(options_.self, stamp);
    Ping waiting(*this, messages_sent_ + 1);
    CO_TRY(send(to, {.kind = MessageKind::kPing, .stamp = stamp}));
    while (!waiting.done) {
        co_await waiting.answered.wait();
    }
    co_return Result<void>();
}

// Numbers the message and adds our clock reading: the two are taken together with the sending.
Result<void> Gossip::send(Address to, Message message) {
    message.incarnation = clock_.incarnation();
    message.number = ++messages_sent_;
    message.sent = clock_.read_clocks();
    observer_.sent(options_.self, to, message);
    return world_.network().send(to, encode(message));
}

// ---- answering

Task<void> Gossip::receive_loop() {
    for (;;) {
        const world::Frame frame = co_await world_.network().receive();
        const time::ClockReading arrived = clock_.read_clocks();
        const auto known = known_.find(frame.from);
        Result<Message> message = decode_message(frame.payload);
        if (!message || known == known_.end()) {
            world_.mark(Mark::kFrameMalformed);
            if (const auto left_out = refusals_.admit(world_.mono_now())) {
                world_.log().warn("message_refused",
                                  {{"from", frame.from},
                                   {"why", message ? "not a peer" : message.error().detail},
                                   {"left_out", *left_out}});
            }
            continue;
        }
        if (!take_readings(known->second, *message, arrived) || tasks_.size() >= kTasksMax) {
            continue;
        }
        tasks_.spawn("handle", handle(frame.from, *message, arrived));
    }
}

// What the message says about the clocks, whether or not its stamp will be believed. False when it
// comes from before a restart, of theirs or ours, and nothing in it holds any more.
bool Gossip::take_readings(Known& known, const Message& message,
                           const time::ClockReading& arrived) {
    if (message.incarnation < known.incarnation ||
        (message.is_answer() && message.ping_incarnation != clock_.incarnation())) {
        world_.mark(Mark::kStaleIncarnation);
        return false;
    }
    if (message.incarnation > known.incarnation) {  // Its monotonic clock may have started again.
        known.bounds = time::OffsetBounds(options_.offsets);
        known.incarnation = message.incarnation;
    }
    const std::uint64_t before = known.bounds.counts().steps;
    // Read after the message had come, so not before it came.
    const time::MonoTime now = arrived.mono;
    known.bounds.heard(message.sent, now, known.peer.light_floor);
    if (message.is_answer()) {
        known.bounds.echoed(message.ping_mono, message.ping_arrived, now, known.peer.light_floor);
    }
    if (known.bounds.counts().steps != before) {
        world_.mark(Mark::kPeerWallStepped);
    }
    check_light(known, message, arrived.wall);
    observer_.heard(options_.self, known.peer.address, message);
    return true;
}

void Gossip::check_light(Known& known, const Message& message, time::WallTime own_wall) {
    const auto from = known.peer.address.node;
    const auto proven_before = light_.counts().contains(from) ? light_.counts().at(from).proven : 0;
    // By policy only counted here; the judge says whose clock it is.
    static_cast<void>(light_.check({.from = from,
                                    .sent = message.sent.wall,
                                    .received = own_wall,
                                    .floor = known.peer.light_floor,
                                    .epsilons = 2 * options_.epsilon}));
    if (light_.counts().at(from).proven != proven_before) {
        world_.mark(Mark::kFasterThanLight);
        observer_.faster_than_light(options_.self, known.peer.address);
    }
}

Task<void> Gossip::handle(Address from, Message message, time::ClockReading arrived) {
    const Result<void> handled = co_await accept(from, message, arrived);
    if (!handled && handled.error().code == Errc::kInvalid && !message.is_answer()) {
        // The refusal carries a stamp of ours, so it too waits for the ceiling.
        static_cast<void>(co_await answer(from, message, arrived, MessageKind::kRefusal));
    }
    const auto ping = pings_.find(message.ping_number);
    if (message.is_answer() && ping != pings_.end()) {
        ping->second->done = true;
        ping->second->answered.wake_all();
    }
}

Task<Result<void>> Gossip::accept(Address from, Message message, time::ClockReading arrived) {
    while (!CO_TRY(receive_guarded(from, message.stamp))) {
        co_await clock_.ceiling_raised();
    }
    if (!message.is_answer()) {
        CO_TRY(co_await answer(from, message, arrived, MessageKind::kPong));
    }
    co_return Result<void>();
}

// False while the ceiling is in the way.
Result<bool> Gossip::receive_guarded(Address from, time::Hlc remote) {
    const auto verdict = guard_.judge(clock_.stamping_wall(), remote, from.node);
    if (!verdict) {
        world_.mark(Mark::kStampRefused);
        observer_.refused(options_.self, from, remote);
        return std::unexpected(verdict.error());
    }
    if (*verdict == time::SkewVerdict::kLeaseLost) {
        world_.mark(Mark::kLeaseLimitPassed);
    }
    const Result<time::Hlc> stamp = clock_.receive_now(remote);
    if (!stamp && stamp.error().code == Errc::kRetry) {
        return false;
    }
    if (!stamp) {
        return std::unexpected(stamp.error());
    }
    observer_.received(options_.self, from, remote, *stamp);
    return true;
}

Task<Result<void>> Gossip::answer(Address to, const Message& ping, time::ClockReading arrived,
                                  MessageKind kind) {
    const time::Hlc stamp = CO_TRY(co_await clock_.stamp());
    observer_.stamped(options_.self, stamp);
    co_return send(to, {.kind = kind,
                        .stamp = stamp,
                        .ping_mono = ping.sent.mono,
                        .ping_incarnation = ping.incarnation,
                        .ping_number = ping.number,
                        .ping_arrived = arrived});
}

// ---- between the reactors of this node

Task<void> Gossip::sibling_loop() {
    const std::size_t reactors = world_.reactors().count();
    if (reactors < 2) {
        co_return;
    }
    for (;;) {
        co_await world_.sleep_for(kSiblingEvery);
        const base::ReactorId to{
            (options_.self.reactor.value + 1 + world_.rng().below(reactors - 1)) % reactors};
        const auto stamp = co_await clock_.stamp();
        if (!stamp) {
            continue;
        }
        observer_.stamped(options_.self, *stamp);
        const auto reply = co_await world::call(
            world_, to, [from = options_.self, remote = *stamp](world::World& there) {
                Gossip* sibling = there.locals().find<Gossip>();
                return sibling == nullptr ? time::Hlc{}
                                          : sibling->receive_from_sibling(from, remote);
            });
        if (reply && *reply != time::Hlc{}) {
            const auto merged = clock_.receive_now(*reply);
            if (merged) {  // Else the ceiling is in the way; there is always a next time.
                observer_.received(options_.self, {options_.self.node, to}, *reply, *merged);
            }
        }
    }
}

// Both reactors read the same wall clock, so there is nothing for the guard to compare.
time::Hlc Gossip::receive_from_sibling(Address sibling, time::Hlc remote) {
    const auto stamp = clock_.receive_now(remote);
    if (!stamp) {
        return {};
    }
    observer_.received(options_.self, sibling, remote, *stamp);
    return *stamp;
}

// ---- judging

Task<void> Gossip::judge_loop() {
    for (;;) {
        co_await world_.sleep_for(options_.judge_every);
        judge();
    }
}

void Gossip::judge() {
    const time::ClockReading now = clock_.read_clocks();
    std::vector<time::PeerClock> peers;
    for (const auto& [address, known] : known_) {
        peers.push_back({address.node, known.bounds.at(now)});
    }
    const time::ClockVerdict verdict =
        time::judge_clocks(options_.self.node, peers, options_.epsilon);
    if (!verdict.determined) {
        world_.mark(Mark::kVerdictUndetermined);
    } else if (!verdict.off.empty()) {
        world_.mark(Mark::kClockNamed);
    }
    if (verdict.determined && !verdict.names(options_.self.node)) {
        clock_.confirm_wall();
    }
    observer_.judged(options_.self, peers, verdict);
}

// ---- the whole

Task<void> run_gossip(world::World& world, GossipOptions options, Observer& observer) {
    const std::string name = "clock-" + to_string(options.self.reactor);
    for (int attempt = 1;; ++attempt) {
        CeilingFile file(world, name);
        const Result<time::Hlc> floor = co_await file.load();
        if (floor) {
            DurableClock clock(world, std::move(file), *floor, options.skew.lease);
            Gossip gossip(world, std::move(options), observer, clock);
            co_await gossip.run();
            co_return;
        }
        if (attempt == kLoadAttempts) {
            world.log().error("clock_ceiling_lost", {{"error", floor.error()}});
            co_return;
        }
        co_await world.sleep_for(kLoadRetryAfter);
    }
}

}  // namespace distkv::gossip
