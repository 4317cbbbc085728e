// The loop: whoever has something to do is gathered, then everything that came of it is written and
// sent at once.
#include "shard/host.h"

#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "shard/batch.h"
#include "world/deadline.h"

namespace distkv::shard {

using base::Error;
using base::Result;
using world::Task;

Host::Host(world::World& world, HostOptions options, HostServices services)
    : world_(world),
      options_(std::move(options)),
      services_(std::move(services)),
      // What goes over the wire and comes back must not be taken for an answer to another start's
      // question.
      tickets_(MUTANT(shard_numbers_begin_anew) ? 0 : world.rng().next() >> 1U),
      first_pulse_(world.rng().next() >> 1U),
      work_(world.scheduler()),
      retain_(world.scheduler()),
      tasks_(world.scheduler()) {}

// The groups' tasks, as they end, still tell the host what they were busy with.
Host::~Host() {
    groups_.clear();
}

Task<Result<std::unique_ptr<Host>>> Host::open(world::World& world, HostOptions options,
                                               HostServices services) {
    std::unique_ptr<Host> host(new Host(world, std::move(options), std::move(services)));
    host->log_ = CO_TRY(co_await storage_log::Log::open(world, host->options_.log));
    host->tasks_.spawn("log", host->watch_log());
    CO_TRY(co_await host->start_groups());
    co_return host;
}

Task<Result<void>> Host::run() {
    tasks_.spawn("stop", watch_stop());
    tasks_.spawn("receive", receive_loop());
    tasks_.spawn("pulse", pulse_loop());
    tasks_.spawn("retain", retain_loop());
    while (!failed_ && !world_.stopping()) {
        take_landed();
        fire_timers();
        pass();
        if (ready_.empty() && landed_.empty()) {
            const time::MonoTime due =
                timers_.empty() ? time::MonoTime::max() : timers_.top().first;
            // The deadline is as good a reason to go on as work is.
            static_cast<void>(
                co_await world::with_deadline(world_.scheduler(), due, wait_for_work()));
        } else {
            co_await world_.yield();
        }
    }
    if (failed_) {
        co_return std::unexpected(*failed_);
    }
    co_return Result<void>();
}

Task<void> Host::watch_log() {
    fail(co_await log_->run());
}

Task<void> Host::watch_stop() {
    while (!world_.stopping()) {
        co_await world_.stop_signal().wait();
    }
    work_.wake_all();
}

void Host::fail(Error why) {
    if (!failed_) {
        world_.log().error("host_failed", {{"error", why}});
        failed_ = std::move(why);
        work_.wake_all();
    }
}

Task<Result<void>> Host::wait_for_work() {
    while (ready_.empty() && landed_.empty() && !failed_ && !world_.stopping()) {
        co_await work_.wait();
    }
    co_return Result<void>();
}

const Group* Host::find(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : found->second.get();
}

std::vector<GroupId> Host::groups() const {
    std::vector<GroupId> all;
    for (const auto& [id, group] : groups_) {
        all.push_back(id);
    }
    return all;
}

Group* Host::at(GroupId group) {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : found->second.get();
}

Group* Host::at(GroupId group, std::uint64_t life) {
    Group* found = at(group);
    return found != nullptr && found->life == life ? found : nullptr;
}

void Host::touch(Group& group) {
    if (!group.ready) {
        group.ready = true;
        ready_.push_back(group.id);
        work_.wake_all();
    }
}

// The one way into a core. One that sleeps first hears what its node has heard meanwhile.
void Host::step(Group& group, raft::Input input) {
    tell_contacts(group);
    group.core.step(world_.mono_now(), std::move(input));
    // From now on it keeps no promises but its own, so the node makes none in its name.
    if (!group.core.is_asleep()) {
        leave_dormitories(group);
    }
    touch(group);
}

void Host::schedule(Group& group) {
    time::MonoTime due = group.core.next_tick();
    if (!group.to_apply.empty() && !group.loading) {
        due = std::min(due, group.apply_again);
    }
    if (due < group.timer_at) {
        group.timer_at = due;
        timers_.emplace(due, group.id);
    }
}

void Host::fire_timers() {
    const time::MonoTime now = world_.mono_now();
    while (!timers_.empty() && timers_.top().first <= now) {
        const auto [due, id] = timers_.top();
        timers_.pop();
        Group* group = at(id);
        if (group == nullptr || group->timer_at != due) {
            continue;  // It was scheduled anew since.
        }
        group->timer_at = time::MonoTime::max();
        if (group->core.next_tick() <= now) {
            step(*group, raft::Tick{});
            maybe_sleep(*group);
        } else if (!group->to_apply.empty() && group->apply_again <= now) {
            touch(*group);
        } else {
            schedule(*group);
        }
    }
}

}  // namespace distkv::shard
