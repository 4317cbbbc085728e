// What can go wrong in one run, and how badly: drawn from the seed, swarm style. Each seed switches
// a random subset of the faults on, since a bug often hides behind a fault that always fires first.
#pragma once

#include <array>
#include <cstdint>

#include "base/rng.h"
#include "sim/faults.h"
#include "time/drift.h"
#include "time/instant.h"

namespace distkv::sim {

struct Weather {
    std::array<bool, kFaultCount> on{};

    // Chances per frame or per operation, in parts per million.
    std::uint32_t loss_ppm = 0;
    std::uint32_t duplicate_ppm = 0;
    std::uint32_t reorder_ppm = 0;
    std::uint32_t jitter_ppm = 0;
    time::Duration jitter_max{};
    std::uint32_t reactor_delay_ppm = 0;
    std::uint32_t disk_read_error_ppm = 0;
    std::uint32_t disk_write_error_ppm = 0;
    std::uint32_t disk_slow_ppm = 0;
    time::Duration disk_slow_max{};

    // Of crashes, partitions, jumps and the like: mean time between two such events.
    time::Duration trouble_every{};

    // Knobs that are no faults, but whose values shift what can happen.
    std::size_t outbox_bytes_max = 0;
    std::size_t sector_bytes = 512;  // A device writes so much whole or not at all.

    [[nodiscard]] bool has(Fault fault) const { return on[static_cast<std::size_t>(fault)]; }

    static Weather calm();
    // Nothing is held up for longer than a sixth of the run, so that the healing can be seen to
    // work.
    static Weather draw(base::Rng rng, time::Duration run_length);
};

// What every oscillator of the simulated planet keeps to, and what its nodes are told.
inline constexpr time::Drift kDeclaredDrift = time::kServerDrift;

}  // namespace distkv::sim
