// Marks on rare paths. A swarm of simulations proves little about code that it never reached, so
// each path that matters and is seldom taken is marked here, counted in the world, and the swarm's
// report says which were never hit.
//
// To add one: a line below, and `world.mark(Mark::k...)` on the path.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace distkv::world {

#define DISTKV_MARK_LIST(X)                                                                  \
    X(kHlcWaitedForCeiling, "a stamp had to wait until its ceiling was durable")             \
    X(kHlcCeilingWriteFailed, "the disk refused a new ceiling")                              \
    X(kHlcRestartAboveWall, "a restarted clock began above its own wall clock")              \
    X(kStampRefused, "a stamp beyond the refusal limit was turned away")                     \
    X(kLeaseLimitPassed, "a stamp beyond the lease limit was taken, promises dropped")       \
    X(kWallJumpSeen, "a node noticed that its own wall clock had jumped")                    \
    X(kWallDoubted, "a leap of the own wall clock was not stamped with at once")             \
    X(kPeerWallStepped, "a peer's wall was seen to have stepped against its own oscillator") \
    X(kClockNamed, "a clock was named as off")                                               \
    X(kVerdictUndetermined, "no majority of clocks agreed")                                  \
    X(kFasterThanLight, "a message arrived sooner than light allows")                        \
    X(kOutboxFull, "a frame was not sent because the peer's outbox was full")                \
    X(kFrameMalformed, "a frame could not be decoded")                                       \
    X(kStaleIncarnation, "a frame from before a peer's restart arrived after it")

enum class Mark : std::uint8_t {
#define X(name, what) name,
    DISTKV_MARK_LIST(X)
#undef X
};

inline constexpr std::string_view kMarkNames[] = {
#define X(name, what) #name,
    DISTKV_MARK_LIST(X)
#undef X
};
inline constexpr std::string_view kMarkMeanings[] = {
#define X(name, what) what,
    DISTKV_MARK_LIST(X)
#undef X
};
inline constexpr std::size_t kMarkCount = sizeof(kMarkNames) / sizeof(kMarkNames[0]);

using MarkCounts = std::array<std::uint64_t, kMarkCount>;

}  // namespace distkv::world
