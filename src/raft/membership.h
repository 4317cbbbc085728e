// Who belongs to a group, and what a quorum is. A change of more than one voter goes through a
// joint membership, in which both the old and the new voters must agree (Raft, section 6).
//
// A membership entry holds the whole membership, not a difference, so that to read it twice changes
// nothing. It takes effect on a replica when it is known to be committed *and* that knowledge is
// durable there (persist.cc says why).
//
//     byte    version, 1
//     three lists (voters, outgoing, learners): varint count, then of each member, ids ascending:
//             varint replica, byte flags (1: witness), varint region, varint priority
//     varint  regions_min
//     byte    auto_leave
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/codec.h"
#include "base/result.h"
#include "raft/entry.h"

namespace distkv::raft {

// Of one group. Larger groups only make each commit wait for more.
inline constexpr std::size_t kMembersMax = 32;

using RegionLabel = base::Id<struct RegionLabelTag>;

struct Member {
    ReplicaId id;
    bool witness = false;        // Votes and keeps the log, but has no state to serve.
    RegionLabel region{};        // For commits that must reach several.
    std::uint64_t priority = 1;  // The highest that can, leads.

    bool operator==(const Member&) const = default;
};

// Lists are sorted by id. A member may be both outgoing voter and future learner.
struct Membership {
    std::vector<Member> voters;
    std::vector<Member> outgoing;  // The voters before the change; empty: not joint.
    std::vector<Member> learners;

    // A commit needs voters in at least so many regions besides its majority (or in all regions
    // that have voters, if those are fewer). 1 or less asks for nothing.
    std::uint64_t regions_min = 0;

    // The leader leaves the joint state by itself as soon as it may.
    bool auto_leave = true;

    [[nodiscard]] bool is_joint() const { return !outgoing.empty(); }
    [[nodiscard]] bool is_voter(ReplicaId id) const;    // Incoming or outgoing.
    [[nodiscard]] bool is_learner(ReplicaId id) const;  // And no voter.
    [[nodiscard]] const Member* find(ReplicaId id) const;
    [[nodiscard]] std::vector<ReplicaId> everyone() const;  // Ascending, each once.

    // Whether those for whom `has` is true decide alone: a majority of the voters, and of the
    // outgoing ones.
    [[nodiscard]] bool is_quorum(const std::function<bool(ReplicaId)>& has) const;

    // The highest number that a quorum has reached; what a plain majority of each half has.
    [[nodiscard]] std::uint64_t reached(const std::function<std::uint64_t(ReplicaId)>& of) const;

    // The same for a commit, which regions_min may hold back.
    [[nodiscard]] std::uint64_t committed(const std::function<std::uint64_t(ReplicaId)>& of) const;

    // Whether those for whom `has` is true commit alone.
    [[nodiscard]] bool can_commit(const std::function<bool(ReplicaId)>& has) const {
        return committed([&has](ReplicaId id) -> std::uint64_t { return has(id) ? 1 : 0; }) > 0;
    }

    [[nodiscard]] base::Bytes encode() const;
    static base::Result<Membership> decode(base::ByteView bytes);

    bool operator==(const Membership&) const = default;
};

std::string to_string(const Membership& membership);  // "voters 1 2 3w, outgoing 1 2, learners 4"

// What somebody asks for. Each member is added as what it is listed for (and no longer what it was
// before); ids in `remove` go.
struct Change {
    std::vector<Member> add_voters;
    std::vector<Member> add_learners;  // A voter that is listed here is demoted.
    std::vector<ReplicaId> remove;
    std::optional<std::uint64_t> regions_min;
    bool joint = false;      // Even where one step would do.
    bool auto_leave = true;  // Of the joint state.
    bool leave = false;      // Leave the joint state; everything else must be empty.
};

// The membership that follows `now`. kInvalid: names what is wrong with the change (no voter would
// be left, a member is named twice, not joint, ...). A change that alters nothing is invalid too.
base::Result<Membership> apply(const Change& change, const Membership& now);

}  // namespace distkv::raft
