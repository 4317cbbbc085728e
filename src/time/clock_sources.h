// Which bound on the error of this machine's wall clock can be trusted? Readings are gathered by
// whoever may read files and run programs; here they are judged.
//
// In this order, the first that can be trusted wins. One that is silent (absent, stale, void) is
// passed over; one that speaks against the clock (disrupted, not synchronised, over the limit) ends
// the search, because a weaker source cannot refute it:
//   1. the ClockBound segment: a daemon that keeps a sound bound,
//   2. chrony's root distance,
//   3. a bound the operator declares, and answers for.
// The kernel's own figure (ntp_adjtime) is evidence for people and never trusted: systemd-timesyncd
// sets its maximum error to zero at every step, and a kernel nobody disciplines reports whatever
// was there last.
//
// Without a trustworthy bound, or with one over the limit, the answer is an error that says why and
// what can be done: promises about wall time (commit-wait, primary leases, staleness in ms) stop.
// Read leases rest on monotonic drift and go on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "time/chrony.h"
#include "time/clockbound.h"
#include "time/drift.h"
#include "time/interval.h"

namespace distkv::time {

enum class ClockSource : std::uint8_t { kClockBound, kChrony, kDeclared, kKernel };

std::string_view name_of(ClockSource source);

struct KernelReading {
    bool synchronised = false;   // ntp_adjtime did not answer TIME_ERROR, STA_UNSYNC is not set.
    Duration error_max{0};       // maxerror
    Duration error_estimate{0};  // esterror
    bool timesyncd_seen = false;
};

// A source that could not be read carries the reason: "no /var/run/clockbound/shm0".
struct ClockReadings {
    base::Result<ClockBoundReading> clockbound =
        base::fail(base::Errc::kNotFound, "was not looked for");
    base::Result<ChronyReading> chrony = base::fail(base::Errc::kNotFound, "was not looked for");
    base::Result<KernelReading> kernel = base::fail(base::Errc::kNotFound, "was not looked for");
    // What a VMClock device says now: another value than the segment's marker means that the
    // virtual machine was moved since.
    std::optional<std::uint64_t> disruption_marker;
};

struct EpsilonOptions {
    // Over it, promises about wall time are off.
    Duration limit = 250ms;
    // How fast this machine's clock may drift between corrections.
    Drift drift = kServerDrift;
    // The part of the drift that chrony itself adds to the root dispersion: its `maxclockerror`.
    Drift chrony_maxclockerror = ppm(1);
    // A chrony reading older than this says nothing any more.
    Duration chrony_age_max = 10min;
    // The operator's word.
    std::optional<Duration> declared;
};

// A bound that was true at `as_of` and grows.
struct Epsilon {
    Duration bound{0};
    MonoTime as_of;
    MonoTime void_after = MonoTime::max();
    Drift drift;
    Duration limit{0};
    ClockSource source = ClockSource::kDeclared;
    std::string why;

    // kRetry when void or over the limit by now.
    [[nodiscard]] base::Result<Duration> at(MonoTime now) const;
};

struct SourceVerdict {
    ClockSource source;
    bool trusted = false;
    std::string why;  // In either case.
};

struct SourcesVerdict {
    std::vector<SourceVerdict> sources;  // In the order above, then the kernel.
    base::Result<Epsilon> epsilon;
};

// Everything about every source, for people.
SourcesVerdict judge_sources(const ClockReadings& readings, const EpsilonOptions& options,
                             MonoTime now, WallTime wall);

// Only the outcome.
base::Result<Epsilon> epsilon(const ClockReadings& readings, const EpsilonOptions& options,
                              MonoTime now, WallTime wall);

// Holds the latest epsilon between readings of the sources and answers what time it is.
class IntervalClock {
public:
    void update(base::Result<Epsilon> latest) { latest_ = std::move(latest); }

    // kRetry with the reason while no epsilon can be trusted.
    [[nodiscard]] base::Result<Interval> now(MonoTime mono, WallTime wall) const;
    [[nodiscard]] base::Result<Duration> epsilon_at(MonoTime mono) const;

private:
    base::Result<Epsilon> latest_ =
        base::fail(base::Errc::kRetry, "no clock source has been read yet");
};

}  // namespace distkv::time
