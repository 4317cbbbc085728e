// Marks on rare paths. A swarm of simulations proves little about code that it never reached, so
// each path that matters and is seldom taken is marked here, counted in the world, and the swarm's
// report says which were never hit.
//
// To add one: a line below, and `world.mark(Mark::k...)` on the path. The area says which swarms
// can be expected to get there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace distkv::world {

#define DISTKV_MARK_LIST(X)                                                                      \
    X(kHlcWaitedForCeiling, kClocks, "a stamp had to wait until its ceiling was durable")        \
    X(kHlcCeilingWriteFailed, kClocks, "the disk refused a new ceiling")                         \
    X(kHlcRestartAboveWall, kClocks, "a restarted clock began above its own wall clock")         \
    X(kStampRefused, kClocks, "a stamp beyond the refusal limit was turned away")                \
    X(kLeaseLimitPassed, kClocks, "a stamp beyond the lease limit was taken, promises dropped")  \
    X(kWallJumpSeen, kClocks, "a node noticed that its own wall clock had jumped")               \
    X(kWallDoubted, kClocks, "a leap of the own wall clock was not stamped with at once")        \
    X(kPeerWallStepped, kClocks,                                                                 \
      "a peer's wall was seen to have stepped against its own oscillator")                       \
    X(kClockNamed, kClocks, "a clock was named as off")                                          \
    X(kVerdictUndetermined, kClocks, "no majority of clocks agreed")                             \
    X(kFasterThanLight, kClocks, "a message arrived sooner than light allows")                   \
    X(kOutboxFull, kNetwork, "a frame was not sent because the peer's outbox was full")          \
    X(kFrameMalformed, kNetwork, "a frame could not be decoded")                                 \
    X(kStaleIncarnation, kClocks, "a frame from before a peer's restart arrived after it")       \
    X(kGroupSlept, kGroups, "a group fell asleep")                                               \
    X(kGroupWokenBySilence, kGroups, "a group woke because a neighbour was silent")              \
    X(kGroupWokenByList, kGroups, "a group woke because the two ends disagreed on who sleeps")   \
    X(kSnapshotResumed, kGroups, "a snapshot went on where it had stopped")                      \
    X(kSnapshotCorrupt, kGroups, "a snapshot that had come did not fit its checksum")            \
    X(kSnapshotInstalled, kGroups, "a snapshot was installed")                                   \
    X(kInstallRedone, kGroups, "a start finished the installation of a snapshot")                \
    X(kDestructionRedone, kGroups, "a start finished the destruction of a replica")              \
    X(kLogHoleFound, kGroups, "a start found entries of a group damaged")                        \
    X(kReplicaLost, kGroups, "a replica did not start, because it may have forgotten a promise") \
    X(kPersistRefused, kGroups, "the log refused what a group wanted to be durable")

enum class MarkArea : std::uint8_t { kNetwork, kClocks, kGroups };

enum class Mark : std::uint8_t {
#define X(name, area, what) name,
    DISTKV_MARK_LIST(X)
#undef X
};

inline constexpr std::string_view kMarkNames[] = {
#define X(name, area, what) #name,
    DISTKV_MARK_LIST(X)
#undef X
};
inline constexpr MarkArea kMarkAreas[] = {
#define X(name, area, what) MarkArea::area,
    DISTKV_MARK_LIST(X)
#undef X
};
inline constexpr std::string_view kMarkMeanings[] = {
#define X(name, area, what) what,
    DISTKV_MARK_LIST(X)
#undef X
};
inline constexpr std::size_t kMarkCount = sizeof(kMarkNames) / sizeof(kMarkNames[0]);

using MarkCounts = std::array<std::uint64_t, kMarkCount>;

}  // namespace distkv::world
