#include <algorithm>
#include <set>

#include "raft/membership.h"

namespace distkv::raft {

namespace {

using Members = std::vector<Member>;

void take_out(Members& members, ReplicaId id) {
    std::erase_if(members, [id](const Member& member) { return member.id == id; });
}

void put(Members& members, const Member& member) {
    take_out(members, member.id);
    members.insert(std::ranges::lower_bound(members, member.id, {}, &Member::id), member);
}

// How many voters one has and the other has not.
std::size_t difference(const Members& before, const Members& after) {
    const auto missing = [](const Members& from, const Members& in) {
        return std::ranges::count_if(from, [&in](const Member& member) {
            return std::ranges::find(in, member.id, &Member::id) == in.end();
        });
    };
    return static_cast<std::size_t>(missing(before, after) + missing(after, before));
}

base::Result<void> check_names(const Change& change, const Membership& now) {
    std::set<ReplicaId> named;
    const auto name = [&named](ReplicaId id) -> base::Result<void> {
        if (id == kNobody) {
            return base::fail(base::Errc::kInvalid, "replicas are numbered from 1");
        }
        if (!named.insert(id).second) {
            return base::fail(base::Errc::kInvalid,
                              "replica " + to_string(id) + " is named twice in one change");
        }
        return {};
    };
    for (const Members* members : {&change.add_voters, &change.add_learners}) {
        for (const Member& member : *members) {
            TRY(name(member.id));
        }
    }
    for (const ReplicaId id : change.remove) {
        TRY(name(id));
        if (now.find(id) == nullptr) {
            return base::fail(base::Errc::kInvalid,
                              "replica " + to_string(id) + " is no member and cannot be removed");
        }
    }
    return {};
}

base::Result<Membership> leave(const Change& change, const Membership& now) {
    if (!change.add_voters.empty() || !change.add_learners.empty() || !change.remove.empty() ||
        change.regions_min) {
        return base::fail(base::Errc::kInvalid,
                          "to leave the joint membership is a change of its own");
    }
    if (!now.is_joint()) {
        return base::fail(base::Errc::kInvalid, "the membership is not joint: nothing to leave");
    }
    Membership next = now;
    next.outgoing.clear();
    return next;
}

base::Result<void> check_result(const Membership& next, const Membership& now) {
    const bool serves =
        std::ranges::any_of(next.voters, [](const Member& member) { return !member.witness; });
    if (!serves) {
        return base::fail(base::Errc::kInvalid,
                          "a group needs a voter that is not a witness: none would be left");
    }
    if (next.everyone().size() > kMembersMax) {
        return base::fail(base::Errc::kInvalid,
                          "a group has at most " + std::to_string(kMembersMax) + " members");
    }
    if (next == now) {
        return base::fail(base::Errc::kInvalid, "the change alters nothing");
    }
    return {};
}

}  // namespace

base::Result<Membership> apply(const Change& change, const Membership& now) {
    if (change.leave) {
        return leave(change, now);
    }
    if (now.is_joint()) {
        return base::fail(base::Errc::kInvalid,
                          "the membership is joint: leave that first, then change again");
    }
    TRY(check_names(change, now));
    Membership next = now;
    for (const Member& member : change.add_voters) {
        take_out(next.learners, member.id);
        put(next.voters, member);
    }
    for (const Member& member : change.add_learners) {
        take_out(next.voters, member.id);
        put(next.learners, member);
    }
    for (const ReplicaId id : change.remove) {
        take_out(next.voters, id);
        take_out(next.learners, id);
    }
    next.regions_min = change.regions_min.value_or(now.regions_min);
    TRY(check_result(next, now));
    // Two majorities of sets that differ by one voter always meet; of others they may not.
    if (change.joint || difference(now.voters, next.voters) > 1) {
        next.outgoing = now.voters;
    }
    next.auto_leave = change.auto_leave;
    return next;
}

}  // namespace distkv::raft
