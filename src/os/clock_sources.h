// Reads what this machine knows about the error of its wall clock; time/clock_sources.h judges it.
#pragma once

#include <string>

#include "time/clock_sources.h"

namespace distkv::os {

struct ClockSourceOptions {
    std::string clockbound_segment = "/var/run/clockbound/shm0";
    std::string chronyc = "chronyc";  // A program on the path, or a path.
    time::Duration chronyc_limit = std::chrono::seconds(2);
    std::string timesyncd_folder = "/run/systemd/timesync";  // There while the daemon runs.
    std::string vmclock_device = "/dev/vmclock0";
};

// Runs a program and may block for `chronyc_limit`: not on a reactor. A source that cannot be read
// carries the reason.
time::ClockReadings read_clock_sources(const ClockSourceOptions& options);

}  // namespace distkv::os
