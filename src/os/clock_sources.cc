#include "os/clock_sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include "base/check.h"
#include "os/errno_text.h"
#include "os/fd.h"
#include "os/run_program.h"

namespace distkv::os {
namespace {

using base::Errc;
using base::Result;

// A writer needs microseconds; one that died in the middle leaves the segment odd for ever.
constexpr int kSeqlockTries = 100;

constexpr std::size_t kChronycBytesMax = 4096;

time::MonoTime mono_now() {
    timespec now{};
    CHECK(::clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return time::MonoTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

Result<base::Bytes> read_start(const std::string& path, std::size_t size) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        return base::fail(Errc::kNotFound, errno_text("no " + path, errno));
    }
    base::Bytes bytes(size, '\0');
    const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    if (got < 0) {
        return base::fail(Errc::kCorrupt, errno_text("cannot read " + path, errno));
    }
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
}

// Two copies with one even generation have nothing torn between them.
Result<time::ClockBoundReading> read_clockbound(const std::string& path) {
    for (int i = 0; i < kSeqlockTries; ++i) {
        const auto first =
            time::parse_clockbound(TRY(read_start(path, time::kClockBoundSegmentBytes)));
        auto second = time::parse_clockbound(TRY(read_start(path, time::kClockBoundSegmentBytes)));
        if (!second && second.error().code != Errc::kRetry) {
            return second;
        }
        if (first && second && first->generation == second->generation) {
            return second;
        }
    }
    return base::fail(Errc::kRetry, path + " is being written all the time");
}

Result<time::ChronyReading> ask_chrony(const ClockSourceOptions& options) {
    const time::MonoTime asked = mono_now();
    const std::string line = TRY(run_program({.words = {options.chronyc, "-c", "tracking"},
                                              .limit = options.chronyc_limit,
                                              .output_bytes_max = kChronycBytesMax}));
    return time::parse_chrony(base::ByteView(line).substr(0, line.find('\n')), asked);
}

Result<time::KernelReading> ask_kernel(const std::string& timesyncd_folder) {
    timex about{};
    const int state = ::ntp_adjtime(&about);
    if (state < 0) {
        return base::fail(Errc::kNotFound, errno_text("ntp_adjtime", errno));
    }
    struct stat folder{};
    return time::KernelReading{
        .synchronised = state != TIME_ERROR && (about.status & STA_UNSYNC) == 0,
        .error_max = std::chrono::microseconds(about.maxerror),
        .error_estimate = std::chrono::microseconds(about.esterror),
        .timesyncd_seen = ::stat(timesyncd_folder.c_str(), &folder) == 0};
}

// struct vmclock_abi of the kernel: magic "VCLK" at 0, the disruption marker at 16.
std::optional<std::uint64_t> read_disruption_marker(const std::string& device) {
    constexpr std::size_t kMarkerAt = 16;
    const auto start = read_start(device, kMarkerAt + sizeof(std::uint64_t));
    if (!start || start->size() < kMarkerAt + sizeof(std::uint64_t) ||
        !start->starts_with("VCLK")) {
        return std::nullopt;
    }
    std::uint64_t marker = 0;
    std::memcpy(&marker, start->data() + kMarkerAt, sizeof marker);
    return marker;
}

}  // namespace

time::ClockReadings read_clock_sources(const ClockSourceOptions& options) {
    return {.clockbound = read_clockbound(options.clockbound_segment),
            .chrony = ask_chrony(options),
            .kernel = ask_kernel(options.timesyncd_folder),
            .disruption_marker = read_disruption_marker(options.vmclock_device)};
}

}  // namespace distkv::os
