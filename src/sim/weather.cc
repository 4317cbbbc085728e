#include "sim/weather.h"

#include <algorithm>

#include "base/limits.h"

namespace distkv::sim {
namespace {

using time::Duration;
using namespace std::chrono_literals;

constexpr Duration kHoldUpMin = 10ms;

// Rare, now and then, often: rates differ by orders of magnitude between runs.
std::uint32_t draw_rate(base::Rng& rng, std::uint32_t ppm_max) {
    std::uint32_t ppm = ppm_max;
    for (auto steps = rng.below(3); steps > 0; --steps) {
        ppm /= 10;
    }
    return ppm;
}

}  // namespace

Weather Weather::calm() {
    Weather weather;
    weather.outbox_bytes_max = base::limits::kPeerOutboxBytesMax;
    return weather;
}

Weather Weather::draw(base::Rng rng, Duration run_length) {
    Weather weather = calm();
    for (bool& on : weather.on) {
        on = rng.chance(500'000);
    }
    const auto rate = [&](Fault fault, std::uint32_t ppm_max) {
        const std::uint32_t drawn = draw_rate(rng, ppm_max);  // Drawn also when it is off, so that
        return weather.has(fault) ? drawn : 0;  // one fault does not shift the others.
    };
    weather.loss_ppm = rate(Fault::kNetLoss, 300'000);
    weather.duplicate_ppm = rate(Fault::kNetDuplicate, 300'000);
    weather.reorder_ppm = rate(Fault::kNetReorder, 300'000);
    weather.jitter_ppm = rate(Fault::kNetJitter, 200'000);
    const auto hold_up = [&](Duration longest) {
        const Duration bound = std::max(kHoldUpMin, std::min(longest, run_length / 6));
        return Duration(rng.between(kHoldUpMin.count(), bound.count()));
    };
    weather.jitter_max = hold_up(10s);
    weather.reactor_delay_ppm = rate(Fault::kReactorDelay, 200'000);
    weather.disk_read_error_ppm = rate(Fault::kDiskReadError, 500'000);
    weather.disk_write_error_ppm = rate(Fault::kDiskWriteError, 100'000);
    weather.disk_slow_ppm = rate(Fault::kDiskSlow, 300'000);
    weather.disk_slow_max = hold_up(20s);
    weather.trouble_every = Duration(rng.between(Duration(300ms).count(), Duration(8s).count()));
    if (rng.chance(300'000)) {
        weather.outbox_bytes_max = static_cast<std::size_t>(rng.between(128, 512));
    }
    if (rng.chance(500'000)) {
        weather.sector_bytes = 8;  // Persistent memory. Small files can be torn as well.
    }
    return weather;
}

}  // namespace distkv::sim
