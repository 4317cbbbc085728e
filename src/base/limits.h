// Every bound that a stranger or a neighbour can run into, in one place, each with its reason.
#pragma once

#include <cstddef>

namespace distkv::base::limits {

// A value of 16 MiB must fit in one frame together with its envelope.
inline constexpr std::size_t kValueBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kFrameBytesMax = kValueBytesMax + (std::size_t{1} << 20);
static_assert(kFrameBytesMax > kValueBytesMax, "a frame carries a value and its envelope");

// A key. It stands in every version of its cells, and an index of the store holds many.
inline constexpr std::size_t kKeyBytesMax = std::size_t{64} << 10;

// Bytes waiting for one peer. Two frames of the largest kind, so that one can be filled while the
// other drains; beyond it the sender is told to wait, because memory is not a queue.
inline constexpr std::size_t kPeerOutboxBytesMax = 2 * kFrameBytesMax;

// Frames received and not yet taken by the actor. Beyond it the reactor stops reading sockets and
// TCP pushes back on the sender.
inline constexpr std::size_t kInboxFramesMax = 4096;
inline constexpr std::size_t kInboxBytesMax = 2 * kFrameBytesMax;

// Messages posted by sibling reactors and not yet run: a few passes' worth of work.
inline constexpr std::size_t kReactorInboxMax = 65536;

// One read or append of a file: large enough to saturate a disk, small enough to stay in a budget.
inline constexpr std::size_t kFileChunkBytesMax = std::size_t{64} << 20;

// Peers of one node: three regions of a few hundred machines, each connected to each.
inline constexpr std::size_t kPeersMax = 1024;

// Reactors of one node: one per core of the largest machines.
inline constexpr std::size_t kReactorsMax = 256;

// A configuration file (a planet, a tree of services) that a person wrote.
inline constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;

// One record of the shared log: an entry that carries the largest value and what stands around it.
inline constexpr std::size_t kLogRecordBytesMax = kFrameBytesMax;

// Records handed to the log at once: one of the largest kind and room for others, in one append
// together with a block's worth of what waited before.
inline constexpr std::size_t kLogSubmissionBytesMax = 2 * kLogRecordBytesMax;
static_assert(kLogSubmissionBytesMax + (std::size_t{2} << 20) <= kFileChunkBytesMax,
              "a block is one append");

// Concurrent values of one key: what Riak refuses at. A client that never reads before it writes
// makes one a write, and every read then carries all of them.
inline constexpr std::size_t kSiblingsMax = 100;

// The position of a list's element is part of a key, and keys are compared byte by byte. One level
// of insertion into the middle takes 13 to 35 bytes.
inline constexpr std::size_t kListPositionBytesMax = 4096;

// A member, a map's field: it is part of a key, and keys are compared byte by byte.
inline constexpr std::size_t kElementBytesMax = std::size_t{64} << 10;

// Elements of one command. All its effects are one entry of the log, and each may read a few cells.
inline constexpr std::size_t kCommandElementsMax = 16384;

}  // namespace distkv::base::limits
