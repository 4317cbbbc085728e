#include "time/clock_sources.h"

#include <algorithm>

#include "base/check.h"
#include "time/duration_text.h"

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;
using base::Result;

// How the judgement of one source fails.
constexpr Errc kSilent = Errc::kNotFound;
constexpr Errc kAgainst = Errc::kRetry;

// Two clocks of one machine are not read at the same instant.
constexpr Duration kReadSlack = 1ms;

Drift minus(Drift a, Drift b) {
    return Drift{std::max<std::int64_t>(a.ppb - b.ppb, 0)};
}

Result<Epsilon> from_clockbound(const ClockReadings& readings, const EpsilonOptions& options,
                                MonoTime now) {
    if (!readings.clockbound) {
        return fail(kSilent, readings.clockbound.error().detail);
    }
    const ClockBoundReading& reading = *readings.clockbound;
    if (reading.disruption_support && readings.disruption_marker &&
        *readings.disruption_marker != reading.disruption_marker) {
        return fail(kAgainst, "this virtual machine was moved since the daemon's last reading");
    }
    if (now > reading.void_after) {
        return fail(kSilent, "the bound is void since " +
                                 to_text(distance(reading.void_after, now)) +
                                 ": is the daemon running?");
    }
    if (distance(now, reading.as_of) > kReadSlack) {
        return fail(kSilent, "the segment is from the future by " +
                                 to_text(distance(now, reading.as_of)) +
                                 ": left over from before a reboot?");
    }
    if (reading.status == ClockBoundStatus::kUnknown ||
        reading.status == ClockBoundStatus::kDisrupted) {
        return fail(reading.status == ClockBoundStatus::kUnknown ? kSilent : kAgainst,
                    "the daemon's status is '" + std::string(name_of(reading.status)) +
                        "': see its log and chronyc sources");
    }
    return Epsilon{.bound = reading.bound,
                   .as_of = std::min(reading.as_of, now),
                   .void_after = reading.void_after,
                   .drift = reading.max_drift,
                   .limit = options.limit,
                   .source = ClockSource::kClockBound,
                   .why = std::string(name_of(reading.status)) + ", bound " +
                          to_text(reading.bound) + " read " +
                          to_text(std::max(distance(reading.as_of, now), Duration::zero())) +
                          " ago"};
}

// chrony's dispersion already grows with its own idea of the drift (maxclockerror, 1 ppm unless
// configured), which is too optimistic for a bound; the rest of what we hold possible is added
// since the last correction.
Result<Epsilon> from_chrony(const ClockReadings& readings, const EpsilonOptions& options,
                            MonoTime now, WallTime wall) {
    if (!readings.chrony) {
        return fail(kSilent, readings.chrony.error().detail);
    }
    const ChronyReading& reading = *readings.chrony;
    const Duration age = distance(reading.read_at, now);
    if (age > options.chrony_age_max || age < -kReadSlack) {
        return fail(kSilent, "chrony was last asked " + to_text(age) + " ago; at most " +
                                 to_text(options.chrony_age_max) + " is allowed");
    }
    if (reading.stratum == 0 || reading.leap == LeapStatus::kNotSynchronised) {
        return fail(kAgainst, "chrony is not synchronised: see chronyc sources");
    }
    if (reading.leap != LeapStatus::kNormal) {
        return fail(kAgainst, "chrony announces a leap second ('" +
                                  std::string(name_of(reading.leap)) +
                                  "'): wall time will jump; configure leap smearing");
    }
    const Duration since_correction = distance(reading.reference_time, wall);
    if (saturating_add(since_correction, reading.root_distance()) < -kReadSlack) {
        return fail(kAgainst, "chrony's last correction lies " +
                                  to_text(saturating_sub(Duration::zero(), since_correction)) +
                                  " in the future: the wall clock was set back since");
    }
    const Duration before_reading =
        std::max(saturating_sub(since_correction, age), Duration::zero());
    const Duration added = minus(options.drift, options.chrony_maxclockerror).over(before_reading);
    return Epsilon{.bound = saturating_add(reading.root_distance(), added),
                   .as_of = std::min(reading.read_at, now),
                   .void_after = shifted(reading.read_at, options.chrony_age_max),
                   .drift = options.drift,
                   .limit = options.limit,
                   .source = ClockSource::kChrony,
                   .why = "synchronised to " + reading.reference + " (stratum " +
                          std::to_string(reading.stratum) + "), root distance " +
                          to_text(reading.root_distance()) + ", plus " + to_text(added) +
                          " for drift since the last correction"};
}

Result<Epsilon> from_declared(const EpsilonOptions& options, MonoTime now) {
    if (!options.declared) {
        return fail(kSilent, "no bound is declared");
    }
    if (*options.declared < Duration::zero()) {
        return fail(kAgainst, "the declared bound is negative");
    }
    return Epsilon{.bound = *options.declared,
                   .as_of = now,
                   .drift = Drift{},  // The operator's word covers drift.
                   .limit = options.limit,
                   .source = ClockSource::kDeclared,
                   .why = "the operator declares " + to_text(*options.declared)};
}

SourceVerdict kernel_verdict(const Result<KernelReading>& kernel) {
    SourceVerdict verdict{ClockSource::kKernel, false, ""};
    if (!kernel) {
        verdict.why = kernel.error().detail;
        return verdict;
    }
    verdict.why = std::string(kernel->synchronised ? "synchronised" : "not synchronised") +
                  ", maximum error " + to_text(kernel->error_max);
    if (kernel->timesyncd_seen) {
        verdict.why += "; systemd-timesyncd sets that figure to zero, so it bounds nothing";
    } else if (kernel->synchronised && kernel->error_max == Duration::zero()) {
        verdict.why += "; a clock without error does not exist";
    }
    verdict.why += "; evidence only, never a bound";
    return verdict;
}

// A bound that cannot be used now speaks against the clock, unless it is merely void.
Result<Epsilon> usable(Result<Epsilon> found, MonoTime now) {
    if (found) {
        const Result<Duration> bound = found->at(now);
        if (!bound) {
            return fail(now > found->void_after ? kSilent : kAgainst,
                        found->why + ", but " + bound.error().detail);
        }
    }
    return found;
}

std::string nothing_to_trust(const std::vector<SourceVerdict>& sources) {
    std::string text = "no bound on the clock error can be trusted:";
    for (const SourceVerdict& each : sources) {
        text.append(" ").append(name_of(each.source)).append(": ").append(each.why).append(";");
    }
    return text + " run clockbound or chrony, or declare a bound";
}

}  // namespace

std::string_view name_of(ClockSource source) {
    switch (source) {
        case ClockSource::kClockBound:
            return "clockbound";
        case ClockSource::kChrony:
            return "chrony";
        case ClockSource::kDeclared:
            return "declared";
        case ClockSource::kKernel:
            return "kernel";
    }
    return "?";
}

Result<Duration> Epsilon::at(MonoTime now) const {
    if (now > void_after) {
        return fail(Errc::kRetry, "the bound from " + std::string(name_of(source)) +
                                      " is void since " + to_text(distance(void_after, now)));
    }
    const Duration age = std::max(distance(as_of, now), Duration::zero());
    const Duration grown = saturating_add(bound, drift.over(age));
    if (grown > limit) {
        return fail(Errc::kRetry, "the clock may be off by " + to_text(grown) +
                                      ", more than the limit of " + to_text(limit));
    }
    return grown;
}

SourcesVerdict judge_sources(const ClockReadings& readings, const EpsilonOptions& options,
                             MonoTime now, WallTime wall) {
    const Result<Epsilon> found[] = {usable(from_clockbound(readings, options, now), now),
                                     usable(from_chrony(readings, options, now, wall), now),
                                     usable(from_declared(options, now), now)};
    constexpr ClockSource kOrder[] = {ClockSource::kClockBound, ClockSource::kChrony,
                                      ClockSource::kDeclared};
    SourcesVerdict verdict{{}, fail(Errc::kRetry, "")};
    std::string against;  // The first source that spoke against the clock.
    for (std::size_t i = 0; i < std::size(found); ++i) {
        SourceVerdict each{kOrder[i], found[i].has_value(),
                           found[i] ? found[i]->why : found[i].error().detail};
        if (each.trusted && !against.empty()) {
            each.trusted = false;
            each.why += ", but " + against + " speaks against it";
        } else if (!each.trusted && against.empty() && found[i].error().code == kAgainst) {
            against = name_of(each.source);
        }
        if (each.trusted && !verdict.epsilon) {
            verdict.epsilon = found[i];
        }
        verdict.sources.push_back(std::move(each));
    }
    verdict.sources.push_back(kernel_verdict(readings.kernel));
    if (!verdict.epsilon) {
        verdict.epsilon = fail(Errc::kRetry, nothing_to_trust(verdict.sources));
    }
    return verdict;
}

Result<Epsilon> epsilon(const ClockReadings& readings, const EpsilonOptions& options, MonoTime now,
                        WallTime wall) {
    return judge_sources(readings, options, now, wall).epsilon;
}

Result<Duration> IntervalClock::epsilon_at(MonoTime mono) const {
    if (!latest_) {
        return std::unexpected(latest_.error());
    }
    return latest_->at(mono);
}

Result<Interval> IntervalClock::now(MonoTime mono, WallTime wall) const {
    return Interval::around(wall, TRY(epsilon_at(mono)));
}

}  // namespace distkv::time
