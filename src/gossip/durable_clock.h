// The hybrid logical clock of one reactor, with its ceiling kept durable and its wall clock
// watched.
#pragma once

#include <string>

#include "gossip/ceiling_file.h"
#include "time/clock_watch.h"
#include "time/hlc_clock.h"
#include "time/offset.h"
#include "time/wall_doubt.h"
#include "world/world.h"

namespace distkv::gossip {

class DurableClock {
public:
    // `floor` is what CeilingFile::load() said. A forward jump of the wall of up to `unquestioned`
    // is stamped with at once, a larger one only when it was confirmed.
    DurableClock(world::World& world, CeilingFile file, time::Hlc floor,
                 time::Duration unquestioned);

    // Runs for the life of the clock: raises the ceiling before stamps run out.
    world::Task<void> keep();

    // A stamp of our own, or one above `remote`; kRetry while the ceiling is in the way.
    base::Result<time::Hlc> stamp_now();
    base::Result<time::Hlc> receive_now(time::Hlc remote);

    // Until the ceiling has been raised, as long as the disk takes. The wall may show anything by
    // then, so what was judged by it has to be judged again.
    [[nodiscard]] world::Signal::Wait ceiling_raised() { return raised_.wait(); }

    // A stamp of our own, however long it takes; kInvalid when there will never be one.
    world::Task<base::Result<time::Hlc>> stamp();

    // Our two clocks at one moment, the wall right or wrong.
    time::ClockReading read_clocks();

    // The wall as far as we believe it: what stamps are made from and judged by.
    time::WallTime stamping_wall();

    // A majority of clocks agrees with our wall, or there is no other clock.
    void confirm_wall() { doubt_.confirmed(); }

    [[nodiscard]] time::Hlc last() const { return clock_.last(); }
    [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }

private:
    void watch(const time::ClockReading& reading);
    base::Result<time::Hlc> pass_on(base::Result<time::Hlc> stamp);
    world::Task<base::Result<void>> wait_until_wanted();

    world::World& world_;
    CeilingFile file_;
    std::uint64_t incarnation_;
    time::HlcClock clock_;
    time::ClockWatch watch_;
    time::WallDoubt doubt_;
    world::Signal wanted_;
    world::Signal raised_;
};

}  // namespace distkv::gossip
