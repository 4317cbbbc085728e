// A group that has nothing to do costs nothing: no timers, no messages. Whole nodes vouch for each
// other instead, and whoever owns the core wakes it when the leader's node is silent.
//
// A sleeping follower is awake as soon as it hears anything but the leader's good night.
#include <algorithm>

#include "raft/core.h"

namespace distkv::raft {

bool Core::can_sleep() const {
    const std::uint64_t last = log_.last_index();
    const bool done = role_ == Role::kLeader && !asleep_ && hard_state_.commit == last &&
                      handed_ == last && !is_dirty() && flights_.empty() && reads_.empty() &&
                      !transfer_ && !membership_.is_joint() && has_committed_in_term() &&
                      better_leader() == kNobody;
    return done && std::ranges::all_of(progress_, [&](const auto& other) {
               const Progress& progress = other.second;
               return progress.pace == Pace::kReplicate && progress.match == last &&
                      progress.commit_told == last;
           });
}

void Core::on(const Sleep&) {
    if (!can_sleep()) {
        return;
    }
    for (const auto& [id, progress] : progress_) {
        Message m = message(MessageKind::kSleep, id);
        m.at = log_.last();
        m.ceiling = ceiling();
        send_now(std::move(m));
    }
    asleep_ = true;
}

void Core::take_sleep(const Message& m) {
    heard_leader(m);
    if (asleep_) {
        return;
    }
    const bool whole = log_.last() == m.at && !is_repairing() && !snapshot_;
    if (whole) {
        verified_ = std::max(verified_, m.at.index);
        commit_to(m.at.index);
        settle_membership();
    }
    if (whole && durable_last_ == m.at.index && !is_dirty() && flights_.empty() &&
        follower_reads_.empty()) {
        asleep_ = true;
        slept_ceiling_ = m.ceiling;
        return;
    }
    send_now(message(MessageKind::kWake, m.from));
}

void Core::on(const Wake&) {
    wake();
}

void Core::wake() {
    if (!asleep_) {
        return;
    }
    asleep_ = false;
    if (role_ == Role::kLeader) {
        for (auto& [id, progress] : progress_) {
            progress.heard = std::max(progress.heard, now_);
        }
        check_due_ = now_ + options_.timeouts.election_max;
        send_heartbeats();
        return;
    }
    wait_for_election();
    if (leader_ != kNobody) {
        send_now(message(MessageKind::kWake, leader_));
    }
}

void Core::on(const PeerContact& contact) {
    const auto found = progress_.find(contact.peer);
    if (role_ != Role::kLeader || found == progress_.end()) {
        return;
    }
    Progress& progress = found->second;
    progress.heard = std::max(progress.heard, contact.sent_at);
    take_lease(progress, contact.sent_at, contact.lease);
}

void Core::on(const LeaderContact& contact) {
    if (!asleep_ || role_ == Role::kLeader) {
        return;
    }
    leader_heard_ = std::max(leader_heard_.value_or(contact.heard_at), contact.heard_at);
    promised_until_ = std::max(promised_until_, contact.heard_at + contact.lease);
    promised_to_ = leader_;
}

}  // namespace distkv::raft
