// What a leader is asked to add to the log.
//
// One change of the membership at a time: the next may be proposed only when the one before is in
// effect here, and when an entry of this term is committed (Ongaro 2015: without that, two leaders
// may each commit a change that the other does not know of, and their majorities need not meet).
//
// Ceilings are promises to a majority of the membership that was in effect when they were given.
// Before it changes, a majority of the present one has given them as well, so that whoever is
// elected next, under either, hears of them.
#include <algorithm>
#include <utility>

#include "base/mutant.h"
#include "raft/core.h"

namespace distkv::raft {

namespace {

base::Error retry(std::string why) {
    return {base::Errc::kRetry, std::move(why)};
}

}  // namespace

std::optional<base::Error> Core::refusal() const {
    if (role_ != Role::kLeader) {
        return base::Error{base::Errc::kRedirect, leader_ == kNobody
                                                      ? "no leader is known at present"
                                                      : "replica " + to_string(leader_) + " leads"};
    }
    if (transfer_) {
        return retry("leadership is being handed to replica " + to_string(transfer_->to));
    }
    return std::nullopt;
}

void Core::on(Propose& propose) {
    const auto answer = [&](base::Result<Position> at) {
        effects_.proposed.push_back({propose.ticket, std::move(at)});
    };
    if (const auto why = refusal()) {
        return answer(std::unexpected(*why));
    }
    const Member* self = membership_.find(options_.id);
    if (self == nullptr || self->witness) {
        return answer(base::fail(base::Errc::kRetry, "a witness leads only to hand over"));
    }
    if (propose.bodies.empty()) {
        return answer(base::fail(base::Errc::kInvalid, "a proposal has at least one entry"));
    }
    std::size_t bytes = 0;
    for (const Body& body : propose.bodies) {
        bytes += body.size() + kEntryOverheadBytes;
    }
    // One proposal is always admitted, or the largest never would be.
    if (uncommitted_bytes_ > 0 && uncommitted_bytes_ + bytes > options_.uncommitted_bytes_max) {
        return answer(base::fail(
            base::Errc::kRetry,
            "too much waits to be committed: " + std::to_string(uncommitted_bytes_) + " bytes"));
    }
    if (asleep_) {
        wake();
    }
    const std::uint64_t first = log_.last_index() + 1;
    for (Body& body : propose.bodies) {
        append(EntryKind::kNormal, std::move(body));
    }
    answer(Position{first, hard_state_.term});
}

void Core::on(const ProposeChange& propose) {
    effects_.proposed.push_back({propose.ticket, change(propose.change)});
}

base::Result<Position> Core::change(const Change& change) {
    if (const auto why = refusal()) {
        return std::unexpected(*why);
    }
    if (!MUTANT(raft_membership_without_rule)) {
        if (!has_committed_in_term()) {
            return std::unexpected(retry("no entry of this term is committed yet"));
        }
        if (log_.change_above(membership_index_)) {
            return std::unexpected(retry("another change of the membership is not in effect yet"));
        }
    }
    if (ceiling() < std::max(ceiling_used_, stamp_floor_)) {
        if (asleep_) {
            wake();
        }
        return std::unexpected(
            retry("the present members have not all heard how far time is "
                  "promised"));
    }
    const Membership next = TRY(apply(change, membership_));
    if (!keeps_the_state(next)) {
        return std::unexpected(
            retry("none of the voters that would remain has the state, other "
                  "than as a witness; wait until one has caught up"));
    }
    if (asleep_) {
        wake();
    }
    append(EntryKind::kMembership, Body(next.encode()));
    return log_.last();
}

// Witnesses can commit a change that leaves the state with nobody: they have the log, and of what
// was cut from it only a full member has what became of it.
bool Core::keeps_the_state(const Membership& next) const {
    return std::ranges::any_of(next.voters, [this](const Member& voter) {
        return !voter.witness && match_of(voter.id) >= hard_state_.commit;
    });
}

void Core::leave_joint() {
    const bool may = role_ == Role::kLeader && membership_.is_joint() && membership_.auto_leave &&
                     has_committed_in_term() && !log_.change_above(membership_index_) &&
                     ceiling() >= std::max(ceiling_used_, stamp_floor_);
    if (!may) {
        return;
    }
    Membership next = membership_;
    next.outgoing.clear();
    append(EntryKind::kMembership, Body(next.encode()));
}

// The change that removes us is in effect; whoever is best placed takes over at once.
void Core::removed_from_group() {
    ReplicaId best = kNobody;
    std::uint64_t best_match = 0;
    for (auto& [id, progress] : progress_) {
        send_heartbeat(id, progress, false);
        const Member* member = membership_.find(id);
        if (membership_.is_voter(id) && !member->witness && progress.match > best_match) {
            best = id;
            best_match = progress.match;
        }
    }
    lease_given_up_ = true;
    if (best != kNobody) {
        send_now(message(MessageKind::kTransfer, best));
    }
    become_follower(hard_state_.term, kNobody);
}

}  // namespace distkv::raft
