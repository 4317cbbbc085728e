// One line of `chronyc -c tracking`: fourteen fields with commas between them.
//
//     A9FEA97B,169.254.169.123,4,1700000000.123456789,0.000012345,-0.000004001,0.000100000,
//     -12.345,0.001,0.050,0.000480000,0.000230000,16.1,Normal
//
// reference id, its name, stratum, reference time (Unix seconds), system time offset, last offset,
// RMS offset (seconds), frequency, residual frequency, skew (ppm), root delay, root dispersion,
// update interval (seconds), leap status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "time/instant.h"

namespace distkv::time {

enum class LeapStatus : std::uint8_t { kNormal, kInsertSecond, kDeleteSecond, kNotSynchronised };

std::string_view name_of(LeapStatus leap);

struct ChronyReading {
    std::string reference;
    std::uint32_t stratum = 0;
    WallTime reference_time;  // When the clock was last corrected.
    Duration offset{0};       // Of the system clock from chrony's best knowledge.
    Duration root_delay{0};
    Duration root_dispersion{0};
    Duration update_interval{0};
    LeapStatus leap = LeapStatus::kNotSynchronised;
    MonoTime read_at;  // When chronyc was asked; set by whoever did.

    // The bound of RFC 5905: |offset| + root dispersion + root delay / 2.
    [[nodiscard]] Duration root_distance() const;
};

base::Result<ChronyReading> parse_chrony(std::string_view csv_line, MonoTime read_at);

}  // namespace distkv::time
