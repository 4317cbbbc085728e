// Strangers' bytes as readings of clock sources: nothing crashes, and no source is ever trusted
// with a negative bound or one over the limit.
#include "time/clock_sources.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace distkv;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const time::MonoTime now{std::chrono::seconds(100)};
    const time::WallTime wall{std::chrono::seconds(1'700'000'000)};
    time::ClockReadings readings;
    readings.clockbound = time::parse_clockbound(text);
    readings.chrony = time::parse_chrony(text, now);
    const time::SourcesVerdict verdict = time::judge_sources(readings, {}, now, wall);
    if (verdict.epsilon) {
        const auto bound = verdict.epsilon->at(now);
        CHECK(bound.has_value());
        CHECK(*bound >= time::Duration::zero() && *bound <= time::EpsilonOptions{}.limit);
    }
    return 0;
}
