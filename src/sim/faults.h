// Every way in which the simulated planet can misbehave. Each is switched on or off per seed, and
// counted where it takes effect, so that a swarm can prove that each kind fired.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace distkv::sim {

#define DISTKV_FAULT_LIST(X)                                                       \
    X(kNetLoss, "net.loss", "a frame vanished")                                    \
    X(kNetDuplicate, "net.duplicate", "a frame arrived twice")                     \
    X(kNetReorder, "net.reorder", "a frame overtook an earlier one")               \
    X(kNetJitter, "net.jitter", "a frame was held up for long")                    \
    X(kNetSlowLink, "net.slow_link", "a link lost most of its bandwidth")          \
    X(kNetCutOneWay, "net.cut_one_way", "a link was cut in one direction")         \
    X(kNetCutBothWays, "net.cut_both_ways", "a group of nodes was cut off")        \
    X(kNetGarbage, "net.garbage", "bytes that make no sense arrived")              \
    X(kNodeCrash, "node.crash", "a node lost power")                               \
    X(kNodePause, "node.pause", "a node stood still and went on")                  \
    X(kNodeRestart, "node.restart", "a node was asked to stop, and restarted")     \
    X(kReactorDelay, "node.reactor_delay", "a message between reactors was late")  \
    X(kDiskLostWrite, "disk.lost_write", "a crash took an unsynced write")         \
    X(kDiskTornWrite, "disk.torn_write", "a crash left part of an unsynced write") \
    X(kDiskLostName, "disk.lost_name", "a crash took an unsynced name")            \
    X(kDiskReadError, "disk.read_error", "the device failed to read")              \
    X(kDiskWriteError, "disk.write_error", "the device failed to write or sync")   \
    X(kDiskSlow, "disk.slow", "an operation took very long")                       \
    X(kDiskFull, "disk.full", "a write found no space")                            \
    X(kDiskBitFlip, "disk.bit_flip", "a bit of a file changed at rest")            \
    X(kClockOffset, "clock.offset", "a node began with a wrong clock")             \
    X(kClockDrift, "clock.drift", "an oscillator ran fast or slow")                \
    X(kClockJumpForward, "clock.jump_forward", "a wall clock jumped ahead")        \
    X(kClockJumpBack, "clock.jump_back", "a wall clock jumped back")               \
    X(kClockFreeze, "clock.freeze", "a wall clock stood still")

enum class Fault : std::uint8_t {
#define X(name, label, what) name,
    DISTKV_FAULT_LIST(X)
#undef X
};

inline constexpr std::string_view kFaultLabels[] = {
#define X(name, label, what) label,
    DISTKV_FAULT_LIST(X)
#undef X
};
inline constexpr std::string_view kFaultMeanings[] = {
#define X(name, label, what) what,
    DISTKV_FAULT_LIST(X)
#undef X
};
inline constexpr std::size_t kFaultCount = sizeof(kFaultLabels) / sizeof(kFaultLabels[0]);

using FaultCounts = std::array<std::uint64_t, kFaultCount>;

}  // namespace distkv::sim
