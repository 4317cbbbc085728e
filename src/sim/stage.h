// What all parts of one simulated run share.
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "sim/event_queue.h"
#include "sim/faults.h"
#include "sim/trace.h"
#include "sim/weather.h"
#include "world/marks.h"

namespace distkv::sim {

struct Stage {
    explicit Stage(std::uint64_t seed) : rng(base::Rng(seed).fork("stage")) {}

    EventQueue events;
    Trace trace;
    FaultCounts faults{};
    world::MarkCounts marks{};  // Of worlds that have ended.
    base::Rng rng;
    Weather weather = Weather::calm();

    [[nodiscard]] TrueTime now() const { return events.now(); }

    void fired(Fault fault) { ++faults[static_cast<std::size_t>(fault)]; }

    // Draws whether a fault with this rate strikes here, and counts it if so.
    [[nodiscard]] bool strikes(Fault fault, std::uint32_t ppm) {
        if (ppm == 0 || !rng.chance(ppm)) {
            return false;
        }
        fired(fault);
        return true;
    }

    [[nodiscard]] time::Duration up_to(time::Duration longest) {
        return time::Duration(rng.between(0, longest.count()));
    }
};

}  // namespace distkv::sim
