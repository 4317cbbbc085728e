#include "sim/reactor.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "sim/node.h"

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;

constexpr time::Duration kReactorHop = 2us;       // Between two reactors, at best.
constexpr time::Duration kReactorHopSlow = 50ms;  // With the fault.
constexpr time::Duration kBlockingTakes = 100us;
constexpr time::Duration kPassTakes = 1us;  // A timer that is due at once still lets time pass.
constexpr time::Duration kRoomCheckedEvery = 1ms;
constexpr std::uint64_t kStepsPerPassMax = 1'000'000;

world::World::Parts parts_of(const Node& node, std::size_t index, std::uint64_t seed) {
    // A simulated node logs nowhere: what matters of a run is in its trace and its report.
    return {.node = node.id(),
            .seed = base::Rng(seed).fork("reactor" + std::to_string(index)).next(),
            .log = base::Log(base::LogLevel::kOff, {}),
            .disorder = true};
}

}  // namespace

// ---- network

SimNetwork::SimNetwork(Stage& stage, Fabric& fabric, world::World& world, world::Address self)
    : Network(world.scheduler()), stage_(stage), fabric_(fabric), world_(world), self_(self) {}

base::Result<void> SimNetwork::send(world::Address to, base::Bytes payload) {
    auto sent = fabric_.send(self_, to, std::move(payload));
    if (!sent && sent.error().code == base::Errc::kRetry) {
        world_.mark(world::Mark::kOutboxFull);
    }
    return sent;
}

world::Task<void> SimNetwork::room(world::Address to) {
    while (fabric_.backlog_bytes(self_.node, to.node) > stage_.weather.outbox_bytes_max / 2) {
        co_await world_.sleep_for(kRoomCheckedEvery);
    }
}

bool SimNetwork::deliver(const world::Frame& frame) {
    if (!inbox().has_room()) {
        return false;
    }
    inbox().push(world::Frame(frame));
    return true;
}

// ---- reactor

Reactor::Reactor(Node& node, std::size_t index, std::uint64_t seed)
    : World(parts_of(node, index, seed)),
      node_(node),
      stage_(node.stage_),
      start_(node.starts_),
      index_(index),
      network_(node.stage_, node.fabric_, *this, {node.id(), {index}}),
      disk_(node.disk_, *this),
      scope_(scheduler()),
      last_message_at_(node.options_.reactors) {
    node_.fabric_.attach({node_.id(), {index_}}, [this](const world::Frame& frame) {
        if (!network_.deliver(frame)) {
            return false;
        }
        run();
        return true;
    });
}

Reactor::~Reactor() {
    node_.fabric_.detach({node_.id(), {index_}});
    for (std::size_t i = 0; i < world::kMarkCount; ++i) {
        stage_.marks[i] += marks()[i];
    }
}

Reactor* Reactor::Ref::find() const {
    return node.starts_ == start && node.up() ? node.reactors_[index].get() : nullptr;
}

time::MonoTime Reactor::mono_now() {
    return node_.clock_.mono(stage_.now());
}

time::WallTime Reactor::wall_now() {
    return node_.clock_.wall(stage_.now());
}

void Reactor::spawn_program() {
    scope_.spawn("program", run_program());
    schedule_wake();
}

world::Task<void> Reactor::run_program() {
    co_await node_.program_(*this);
    program_ended_ = true;
}

void Reactor::run() {
    if (node_.paused_) {
        return;
    }
    stage_.trace.add(stage_.now(), TraceKind::kWake, node_.id(), index_);
    std::uint64_t steps = 0;
    do {
        take_messages();
        scheduler().fire_timers(mono_now());
        while (scheduler().run_one()) {
            CHECK(++steps < kStepsPerPassMax, "a task goes round without waiting");
        }
    } while (!messages_.empty());
    if (program_ended_) {
        // The program of one reactor has ended: the whole process ends, as a process does. Not from
        // here, since that deletes the reactor that is running.
        stage_.events.schedule_in({}, [ref = ref()] {
            if (ref.find() != nullptr) {
                ref.node.kill();
            }
        });
        program_ended_ = false;
    }
    schedule_wake();
}

void Reactor::schedule_wake() {
    std::optional<TrueTime> next;
    if (scheduler().has_ready()) {
        next = stage_.now();
    } else if (const auto due = scheduler().next_due()) {
        next = std::max(node_.clock_.when_mono(*due), stage_.now() + kPassTakes);
    }
    if (!next || (wake_at_ && *wake_at_ <= *next)) {
        return;  // Nothing to wait for, or woken soon enough already.
    }
    wake_at_ = next;
    stage_.events.schedule(*next, [at = *next, ref = ref()] {
        Reactor* reactor = ref.find();
        if (reactor != nullptr && reactor->wake_at_ == at) {
            reactor->wake_at_.reset();
            reactor->run();
        }
    });
}

// ---- siblings

std::size_t Reactor::count() const {
    return node_.options_.reactors;
}

bool Reactor::post(base::ReactorId to, Work work) {
    CHECK(to.value < node_.reactors_.size());
    const Reactor& target = *node_.reactors_[to.value];
    if (target.messages_.size() + target.messages_on_the_way_ >= base::limits::kReactorInboxMax) {
        return false;
    }
    send_to(to, std::move(work));
    return true;
}

void Reactor::answer(base::ReactorId to, Work work) {
    send_to(to, std::move(work));
}

void Reactor::send_to(base::ReactorId to, Work work) {
    TrueTime at = stage_.now() + kReactorHop + stage_.up_to(kReactorHop);
    if (stage_.strikes(Fault::kReactorDelay, stage_.weather.reactor_delay_ppm)) {
        at += stage_.up_to(kReactorHopSlow);
    }
    at = std::max(at, last_message_at_[to.value]);
    last_message_at_[to.value] = at;
    Reactor& target = *node_.reactors_[to.value];
    ++target.messages_on_the_way_;
    stage_.events.schedule(at, [ref = target.ref(), work = std::move(work)]() mutable {
        if (Reactor* there = ref.find()) {
            --there->messages_on_the_way_;
            there->stage_.trace.add(there->stage_.now(), TraceKind::kReactorMessage, there->node(),
                                    there->index_);
            there->messages_.push_back(std::move(work));
            there->run();
        }
    });
}

// The work is done somewhen between now and its answer; it dies with the node.
void Reactor::start_blocking(BlockingWork work) {
    const TrueTime at = stage_.now() + kBlockingTakes + stage_.up_to(kBlockingTakes);
    ++messages_on_the_way_;
    stage_.events.schedule(at, [ref = ref(), work = std::move(work)]() mutable {
        if (Reactor* there = ref.find()) {
            --there->messages_on_the_way_;
            there->messages_.push_back(work());
            there->run();
        }
    });
}

void Reactor::take_messages() {
    while (!messages_.empty()) {
        Work work = std::move(messages_.front());
        messages_.pop_front();
        work(*this);
    }
}

}  // namespace distkv::sim
