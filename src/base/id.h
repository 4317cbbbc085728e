// Identities as distinct types: a node cannot be passed where a reactor is meant.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace distkv::base {

template <class Tag>
struct Id {
    std::uint64_t value = 0;

    auto operator<=>(const Id&) const = default;
};

template <class Tag>
std::string to_string(Id<Tag> id) {
    return std::to_string(id.value);
}

using NodeId = Id<struct NodeTag>;  // One process with one data directory, for its whole life.
using ReactorId = Id<struct ReactorTag>;  // One event loop of a node, counted from 0.

}  // namespace distkv::base
