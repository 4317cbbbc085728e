#include "os/reactor.h"

#include <ctime>
#include <utility>

#include "base/check.h"
#include "os/off_reactor.h"

namespace distkv::os {
namespace {

// Tasks resumed in one pass. Then sockets and timers have a turn, however busy the tasks are.
constexpr int kTasksPerPass = 256;

// A busy reactor asks for ready sockets this often: a system call in every pass would cost more
// than the pass, and whoever waits for a socket loses less than a wake-up takes.
constexpr time::Duration kPollEvery = 20us;

time::Duration read_clock(clockid_t clock) {
    timespec now{};
    CHECK(::clock_gettime(clock, &now) == 0);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

void Siblings::main_ended() {
    if (mains_running.fetch_sub(1) == 1) {
        for (const auto& mailbox : mailboxes) {
            mailbox->post([](world::World&) {});
        }
    }
}

Reactor::Reactor(Parts parts, Identity identity, Siblings& siblings, Poller poller)
    : World(std::move(parts)),
      identity_(identity),
      siblings_(siblings),
      poller_(std::move(poller)),
      grace_(alarms_,
             [this] {
                 log().warn("stop_forced", {{"tasks", scheduler().census().tasks}});
                 scope_.cancel();
             }),
      scope_(scheduler()) {
    const auto added = poller_.add(mailbox().fd(), mailbox());
    CHECK(added.has_value(), "no room in epoll for the first descriptors");
}

Reactor::~Reactor() {
    poller_.remove(mailbox().fd(), mailbox());
}

void Reactor::attach(std::unique_ptr<Network> network, std::unique_ptr<Disk> disk) {
    CHECK(!network_ && !disk_);
    network_ = std::move(network);
    disk_ = std::move(disk);
}

void Reactor::run(const Main& main) {
    now_ = mono_now();
    scope_.spawn("main", main(*this));
    bool running = true;
    while (siblings_.mains_running > 0) {
        pass();
        if (running && scope_.size() == 0) {
            running = false;
            siblings_.main_ended();  // Maybe the last: then the mailbox keeps us from sleeping.
        }
        sleep_until_something_happens();
    }
    network_->end_pass();  // The last words of the last task.
}

void Reactor::pass() {
    for (Mailbox::Work& work : mailbox().take()) {
        work(*this);
    }
    Alarm::fire_due(alarms_, now_);
    scheduler().fire_timers(now_);
    network_->begin_pass(now_);
    for (int ran = 0; ran < kTasksPerPass && scheduler().run_one(); ++ran) {
    }
    network_->end_pass();
}

void Reactor::sleep_until_something_happens() {
    now_ = mono_now();
    std::optional<time::MonoTime> due = scheduler().next_due();
    if (const auto alarm = alarms_.next_due(); alarm && (!due || *alarm < *due)) {
        due = alarm;
    }
    if ((due && *due <= now_) || scheduler().has_ready() || network_->has_more() ||
        !mailbox().may_sleep()) {
        if (now_ - polled_ >= kPollEvery) {
            polled_ = now_;
            poller_.wait(time::Duration(0));
        }
        return;
    }
    poller_.wait(due ? std::optional(*due - now_) : std::nullopt);
    mailbox().awake();
    polled_ = now_ = mono_now();
}

void Reactor::begin_stop() {
    if (stopping()) {
        scope_.cancel();
        return;
    }
    ask_to_stop();
    grace_.set(mono_now() + identity_.grace);
}

time::MonoTime Reactor::mono_now() {
    return time::MonoTime(read_clock(CLOCK_MONOTONIC));
}

time::WallTime Reactor::wall_now() {
    return time::WallTime(read_clock(CLOCK_REALTIME));
}

bool Reactor::post(base::ReactorId to, Work work) {
    CHECK(to.value < siblings_.mailboxes.size());
    return siblings_.mailboxes[to.value]->try_post(std::move(work));
}

void Reactor::answer(base::ReactorId to, Work work) {
    CHECK(to.value < siblings_.mailboxes.size());
    siblings_.mailboxes[to.value]->post(std::move(work));
}

void Reactor::start_blocking(BlockingWork work) {
    run_blocking(mailbox(), disk_->threads().other, std::move(work));
}

}  // namespace distkv::os
