#include "gossip/durable_clock.h"

#include <utility>

#include "base/mutant.h"
#include "world/deadline.h"

namespace distkv::gossip {

using base::Errc;
using base::Result;
using world::Mark;
using world::Task;
using namespace std::chrono_literals;

namespace {

constexpr time::Duration kLookEvery = 200ms;  // Well below half of the ceiling's window.
constexpr time::Duration kDiskRetryAfter = 50ms;
constexpr int kReadAttempts = 4;
constexpr time::Duration kReadApartMax = time::ClockWatchOptions{}.tolerance;

}  // namespace

DurableClock::DurableClock(world::World& world, CeilingFile file, time::Hlc floor,
                           time::Duration unquestioned)
    : world_(world),
      file_(std::move(file)),
      incarnation_(floor.word),
      clock_(floor),
      doubt_(unquestioned),
      wanted_(world.scheduler()),
      raised_(world.scheduler()) {
    if (floor > time::Hlc::at(world.wall_now())) {
        world.mark(Mark::kHlcRestartAboveWall);
    }
}

Task<void> DurableClock::keep() {
    for (;;) {
        const time::WallTime wall = stamping_wall();
        if (!clock_.needs_ceiling(wall)) {
            // Either answer, woken or not, means: look again.
            static_cast<void>(co_await world::with_deadline(
                world_.scheduler(), world_.mono_now() + kLookEvery, wait_until_wanted()));
            continue;
        }
        const time::Hlc wanted = clock_.wanted_ceiling(wall);
        const Result<void> saved = co_await file_.save(wanted);
        if (!saved) {
            world_.mark(Mark::kHlcCeilingWriteFailed);
            world_.log().warn("clock_ceiling_not_saved", {{"error", saved.error()}});
            co_await world_.sleep_for(kDiskRetryAfter);
            continue;
        }
        clock_.raise_ceiling(wanted);
        raised_.wake_all();
    }
}

Task<Result<void>> DurableClock::wait_until_wanted() {
    co_await wanted_.wait();
    co_return Result<void>();
}

Result<time::Hlc> DurableClock::stamp_now() {
    return pass_on(clock_.now(stamping_wall()));
}

Result<time::Hlc> DurableClock::receive_now(time::Hlc remote) {
    return pass_on(clock_.receive(stamping_wall(), remote));
}

Result<time::Hlc> DurableClock::pass_on(Result<time::Hlc> stamp) {
    if (!stamp && stamp.error().code == Errc::kRetry) {
        world_.mark(Mark::kHlcWaitedForCeiling);
        wanted_.wake_all();
    }
    return stamp;
}

Task<Result<time::Hlc>> DurableClock::stamp() {
    for (;;) {
        Result<time::Hlc> stamp = stamp_now();
        if (stamp || stamp.error().code != Errc::kRetry) {
            co_return stamp;
        }
        co_await raised_.wait();
    }
}

// Two clocks cannot be read at once, and a thread may lose its processor in between. So the wall is
// read between two readings of the monotonic clock, again if those are apart, and the best is kept.
time::ClockReading DurableClock::read_clocks() {
    time::ClockReading best{.apart = time::Duration::max()};
    for (int attempt = 0; attempt < kReadAttempts && best.apart > kReadApartMax; ++attempt) {
        const time::MonoTime before = world_.mono_now();
        const time::WallTime wall = world_.wall_now();
        const time::Duration apart = world_.mono_now() - before;
        if (apart < best.apart) {
            best = {.mono = before, .wall = wall, .apart = apart};
        }
    }
    if (MUTANT(wall_clock_leak)) {
        best.wall += time::Duration((__builtin_readcyclecounter() >> 8U) & 1U);
    }
    watch(best);
    return best;
}

void DurableClock::watch(const time::ClockReading& reading) {
    const std::optional<time::Duration> jump = watch_.feed(reading.mono, reading.wall);
    if (!jump) {
        return;
    }
    world_.mark(Mark::kWallJumpSeen);
    doubt_.jumped(*jump);
    if (doubt_.doubted()) {
        world_.mark(Mark::kWallDoubted);
    }
    world_.log().warn("wall_clock_jumped", {{"by_us", time::to_micros(*jump)}});
}

time::WallTime DurableClock::stamping_wall() {
    return doubt_.stamping(read_clocks().wall);
}

}  // namespace distkv::gossip
