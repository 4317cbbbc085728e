// Points in time and the distance between them. The two kinds of clock are different types, because
// mixing them is the classic mistake: a monotonic reading says nothing about the date, and a wall
// reading may go back.
#pragma once

#include <chrono>
#include <cstdint>

namespace distkv::time {

using namespace std::chrono_literals;  // 5ms, 30s: the vocabulary of every module above.

using Duration = std::chrono::nanoseconds;

// Tags only: they have no now(). Clocks come in through world::World.
struct MonoTag {};
struct WallTag {};

// Since some moment before this process started; never goes back; its rate may be off by the
// declared drift.
using MonoTime = std::chrono::time_point<MonoTag, Duration>;

// Since 1970-01-01 UTC as this machine believes; may jump both ways, drift and freeze.
using WallTime = std::chrono::time_point<WallTag, Duration>;

constexpr std::int64_t to_micros(Duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}
constexpr double to_millis(Duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

}  // namespace distkv::time
