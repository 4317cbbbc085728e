// The shared-memory segment that the ClockBound daemon keeps (/var/run/clockbound/shm0), version 2
// of its published layout. All fields in the byte order of the machine, which is little-endian
// here:
//
//      0  u32[2] magic 41 4D 5A 4E, 43 42 02 00      48  i64 bound, nanoseconds
//      8  u32    size of the segment                 56  u64 disruption marker
//     12  u16    version, 2                          64  u32 max drift, parts per billion
//     14  u16    generation: 0 not yet written,      68  i32 status
//                odd while the writer is writing     72  u8  disruption support enabled
//     16  i64[2] as_of: seconds, nanoseconds         73  padding to 80
//     32  i64[2] void_after: seconds, nanoseconds
//
// Both times are of CLOCK_MONOTONIC (its coarse reading: up to a tick early, which only makes a
// bound look older), so the MonoTime they are compared with must come from that clock.
//
// The segment is a seqlock: whoever copies the bytes reads the generation before and after, and
// tries again when it was odd or has changed. Only this parser knows where the generation stands.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "time/drift.h"

namespace distkv::time {

enum class ClockBoundStatus : std::uint8_t { kUnknown, kSynchronized, kFreeRunning, kDisrupted };

std::string_view name_of(ClockBoundStatus status);

struct ClockBoundReading {
    std::uint16_t generation = 0;
    MonoTime as_of;
    MonoTime void_after;
    Duration bound{0};  // At as_of; grows by max_drift since.
    std::uint64_t disruption_marker = 0;
    Drift max_drift;
    ClockBoundStatus status = ClockBoundStatus::kUnknown;
    bool disruption_support = false;
};

inline constexpr std::size_t kClockBoundSegmentBytes = 80;

// Of one copy of the segment. kRetry while the writer is active, kCorrupt when it is not such a
// segment. Two copies that parse with the same generation bracket a consistent one.
base::Result<ClockBoundReading> parse_clockbound(base::ByteView segment);

}  // namespace distkv::time
