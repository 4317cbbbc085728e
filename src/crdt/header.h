// The header of a key: what holds for all of its fields. Every origin has a header cell of its own
// and writes no other; what holds is the join of all of them.
//
//   * The type, with the dot that gave it. A key has at most one live type; see live_type().
//   * The expiry. Longest wins between concurrent settings, and to persist beats all of them; a
//     setting that has seen another replaces it.
//   * "Cleared up to": every cell whose dot this vector covers is deleted. Deleting a key of a
//     million fields is one small write.
//   * The number of live fields, as this origin's region counts them in its merged state. Derived:
//     others ignore it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/origin.h"
#include "model/version_vector.h"

namespace distkv::crdt {

enum class Type : std::uint8_t {
    kNone = 0,
    kRegister = 1,
    kSiblings = 2,
    kFlag = 3,
    kCounter = 4,
    kBoundedCounter = 5,
    kAddWinsSet = 6,
    kRemoveWinsSet = 7,
    kMap = 8,
    kSortedSet = 9,
    kList = 10,
    kHyperLogLog = 11,
};
inline constexpr std::uint8_t kTypeMax = 11;

std::string_view name_of(Type type);

}  // namespace distkv::crdt
