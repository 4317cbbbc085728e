// Handing leadership over: proposals stop, the other one is brought up to date, and is told to
// campaign at once. Its votes are not held back by leases, so from the moment it is told, this
// leader answers no read by its own, until the term ends: the message may be under way for long.
#include <algorithm>

#include "raft/core.h"

namespace distkv::raft {

void Core::on(const Transfer& transfer) {
    effects_.proposed.push_back({transfer.ticket, begin_transfer(transfer.to)});
}

base::Result<Position> Core::begin_transfer(ReplicaId to) {
    if (const auto why = refusal()) {
        return std::unexpected(*why);
    }
    const Member* member = membership_.find(to);
    if (to == options_.id || !membership_.is_voter(to) || member->witness) {
        return base::fail(base::Errc::kInvalid,
                          "leadership goes to another voter that is no witness; the group has " +
                              to_string(membership_));
    }
    if (asleep_) {
        wake();
    }
    transfer_ = Transferring{to, now_ + options_.timeouts.election_max};
    continue_transfer();
    return Position{log_.last_index(), hard_state_.term};
}

void Core::continue_transfer() {
    if (role_ != Role::kLeader || !transfer_) {
        return;
    }
    const auto found = progress_.find(transfer_->to);
    if (found != progress_.end() && found->second.match == log_.last_index()) {
        lease_given_up_ = true;
        send_now(message(MessageKind::kTransfer, transfer_->to));
    }
}

void Core::take_transfer(const Message& m) {
    // settle_terms() has made sure that it is of our term: of another, it is long over.
    const Member* self = membership_.find(options_.id);
    if (role_ == Role::kFollower && m.from == leader_ && self != nullptr && !self->witness) {
        campaign(true);
    }
}

// A voter with a higher priority that is up to date takes over; any takes over from a witness.
// Among equals another one each term: the first choice may be unable to reach whom a commit needs.
ReplicaId Core::better_leader() const {
    const Member* self = membership_.find(options_.id);
    // A witness may have to hand over before it can commit: what others lack, only a full voter
    // that leads can send them.
    if (self == nullptr || (!self->witness && !has_committed_in_term())) {
        return kNobody;
    }
    std::vector<const Member*> best;
    for (const Member& member : membership_.voters) {
        const auto found = progress_.find(member.id);
        if (member.witness || found == progress_.end()) {
            continue;
        }
        const bool better = self->witness || member.priority > self->priority;
        const bool ready = found->second.pace == Pace::kReplicate &&
                           found->second.match >= hard_state_.commit &&
                           now_ - found->second.heard < options_.timeouts.election_min;
        if (!better || !ready) {
            continue;
        }
        if (!best.empty() && member.priority > best.front()->priority) {
            best.clear();
        }
        if (best.empty() || member.priority == best.front()->priority) {
            best.push_back(&member);
        }
    }
    // By the high bits of a product: terms that follow each other choose as if at random.
    const std::uint64_t scattered = (hard_state_.term * 0x9e3779b97f4a7c15U) >> 32U;
    return best.empty() ? kNobody : best[scattered % best.size()]->id;
}

void Core::prefer_priority() {
    const ReplicaId better = better_leader();
    if (better != kNobody && !transfer_) {
        static_cast<void>(begin_transfer(better));
    }
}

}  // namespace distkv::raft
