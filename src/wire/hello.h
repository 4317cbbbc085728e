// The first frame in both directions of a connection between peers: who calls, and whom it wants.
// The caller sends one and waits for the other's before it sends anything else, so that no frame
// reaches a node it was not meant for (an address may be reused, a configuration may be wrong).
//
//     0       4         5         13          21          29       37           45          53
//     +-------+---------+---------+-----------+-----------+--------+------------+-----------+
//     | magic | version | cluster | from node | from      | incar- | to node    | to        |
//     | DKVP  |    1    |         |           | reactor   | nation |            | reactor   |
//     +-------+---------+---------+-----------+-----------+--------+------------+-----------+
//     integers little-endian; this is the payload of an ordinary frame
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"

namespace distkv::wire {

// Grows when peers of two releases could no longer understand each other.
inline constexpr std::uint8_t kPeerProtocolVersion = 1;

inline constexpr std::size_t kHelloBytes = 53;

using ClusterId = base::Id<struct ClusterTag>;

struct Party {
    base::NodeId node;
    base::ReactorId reactor;

    bool operator==(const Party&) const = default;
};

struct Hello {
    ClusterId cluster;
    Party from;
    std::uint64_t incarnation = 0;  // Differs between two lives of one node.
    Party to;

    bool operator==(const Hello&) const = default;
};

base::Bytes encode_hello(const Hello& hello);

// kCorrupt when these are not the bytes of a hello, kInvalid when the peer speaks another version.
base::Result<Hello> decode_hello(base::ByteView payload);

// What `mine` and `theirs` disagree about, as kInvalid: another cluster, or not whom we meant.
base::Result<void> check_hello(const Hello& theirs, ClusterId cluster, Party me);

}  // namespace distkv::wire
