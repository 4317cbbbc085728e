// A replica, seen from outside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "raft/membership.h"

namespace distkv::raft {

enum class Role : std::uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

std::string_view name_of(Role role);

struct Status {
    ReplicaId id;
    Role role = Role::kFollower;
    bool learner = false;  // Not a voter of the membership that is in effect.
    std::uint64_t term = 0;
    ReplicaId vote;
    ReplicaId leader;
    std::uint64_t commit = 0;
    std::uint64_t applied = 0;
    std::uint64_t first = 0;           // The first index that is still in the log.
    std::uint64_t last = 0;            // The last one; first - 1 when the log is empty.
    std::vector<std::uint64_t> terms;  // Of each entry from `first`.
    Membership membership;
};

// "leader", or "learner" for a follower that may not vote.
std::string_view role_name(const Status& status);

// One line: {"id":1,"role":"follower","term":3,"vote":0,"leader":2,"commit":7,"first":1,"last":8,
// "terms":[1,1,2],"voters":[1,2,3],"learners":[]}; "outgoing" is there while the group is joint.
std::string to_json(const Status& status);

}  // namespace distkv::raft
