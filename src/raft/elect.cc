#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "raft/core.h"

namespace distkv::raft {

void Core::wait_for_election() {
    const time::Timeouts& timeouts = options_.timeouts;
    const auto span = (timeouts.election_max - timeouts.election_min).count();
    CHECK(span >= 0);
    const auto random = rng_.below(static_cast<std::uint64_t>(span) + 1);
    election_due_ =
        now_ + timeouts.election_min + time::Duration(static_cast<std::int64_t>(random));
    election_due_ = std::max(election_due_, leaves_it_until_);
    const Member* self = membership_.find(options_.id);
    if (self == nullptr) {
        return;
    }
    // Others first, if they are alive. A witness leads only when nobody else can: it may be the
    // only one that holds the newest committed entry.
    const bool others_first = std::ranges::any_of(membership_.voters, [&](const Member& other) {
        return !other.witness && other.priority > self->priority;
    });
    election_due_ += others_first ? timeouts.election_min : time::Duration(0);
    election_due_ += self->witness ? 2 * timeouts.election_max : time::Duration(0);
}

void Core::set_timeouts(const time::Timeouts& timeouts) {
    options_.timeouts = timeouts;
    const time::MonoTime due = election_due_;
    wait_for_election();
    election_due_ = std::min(due, election_due_);
}

void Core::become_follower(std::uint64_t term, ReplicaId leader) {
    CHECK(term >= hard_state_.term);
    const bool was_leader = role_ == Role::kLeader;
    if (term > hard_state_.term) {
        hard_state_.term = term;
        hard_state_.vote = kNobody;
        promise_changed();
        held_.clear();
        verified_ = hard_state_.commit;  // What is committed, every later leader has.
    }
    role_ = Role::kFollower;
    leader_ = leader;
    asleep_ = false;
    votes_.clear();
    if (was_leader) {
        transfer_.reset();
        uncommitted_.clear();
        uncommitted_bytes_ = 0;
        fail_reads();
    }
    wait_for_election();
}

// A change that is committed but not yet in effect: with the old majority we could win against the
// new one.
bool Core::awaits_membership() const {
    const std::optional<std::uint64_t> change = log_.change_above(membership_index_);
    return change && *change <= hard_state_.commit;
}

bool Core::may_campaign() const {
    return role_ != Role::kLeader && membership_.is_voter(options_.id) && !is_repairing() &&
           !snapshot_ && !refused_ && !awaits_membership();
}

// Elections tell what is committed, whatever the term. Without that, one who was left out by a
// change, and alone knows that it is committed, would refuse its vote for ever to those who still
// count on it.
void Core::learn_commit(const Message& m) {
    const bool tells = m.kind == MessageKind::kPreVote || m.kind == MessageKind::kPreVoteAnswer ||
                       m.kind == MessageKind::kVote || m.kind == MessageKind::kVoteAnswer;
    if (!tells || role_ == Role::kLeader || snapshot_ || !log_.holds(m.hint)) {
        return;
    }
    commit_to(m.hint.index);
    settle_membership();
    if (role_ != Role::kFollower && awaits_membership()) {
        become_follower(hard_state_.term, kNobody);
    }
}

void Core::campaign(bool forced) {
    if (!may_campaign()) {
        wait_for_election();
        return;
    }
    const bool alone = membership_.is_quorum([this](ReplicaId id) { return id == options_.id; });
    if (!forced && !alone && now_ < promised_until_) {
        // We have promised to vote for nobody, and that means ourselves as well.
        wait_for_election();
        election_due_ = std::max(election_due_ - options_.timeouts.election_min, promised_until_);
        return;
    }
    begin_vote(forced ? Role::kCandidate : Role::kPreCandidate, forced);
}

void Core::begin_vote(Role role, bool forced) {
    role_ = role;
    leader_ = kNobody;
    votes_.clear();
    forced_ = forced;
    const bool pre = role == Role::kPreCandidate;
    if (!pre) {
        hard_state_.term += 1;
        hard_state_.vote = options_.id;
        promise_changed();
        held_.clear();
        verified_ = hard_state_.commit;
        stamp_floor_ = hard_state_.ceiling;
    }
    wait_for_election();
    Message answer =
        message(pre ? MessageKind::kPreVoteAnswer : MessageKind::kVoteAnswer, options_.id);
    answer.term += pre ? 1 : 0;
    answer.ceiling = hard_state_.ceiling;
    if (pre) {
        take_vote_answer(answer);
    } else {
        send_when_durable(std::move(answer));
    }
    if (role_ != role) {
        return;  // The only voter needs nobody else.
    }
    for (const ReplicaId id : membership_.everyone()) {
        if (id == options_.id || !membership_.is_voter(id)) {
            continue;
        }
        Message request = message(pre ? MessageKind::kPreVote : MessageKind::kVote, id);
        request.term += pre ? 1 : 0;
        request.at = log_.last();
        request.hint = committed();
        request.forced = forced;
        if (pre) {
            send_now(std::move(request));
        } else {
            // It speaks of a log that must not get shorter: were we to come back without the end
            // of it, an old answer to this question would elect us all the same.
            send_when_durable(std::move(request));
        }
    }
}

// A replica that hears its leader, or has promised to, disturbs nobody who does so too.
bool Core::is_bound_to_leader(const Message& m) const {
    if (role_ == Role::kLeader) {
        return true;
    }
    if (now_ < promised_until_ && m.from != promised_to_) {
        return true;
    }
    return leader_ != kNobody && leader_ != m.from && leader_heard_ &&
           now_ - *leader_heard_ < options_.timeouts.election_min;
}

bool Core::is_up_to_date(const Message& m) const {
    const Position last = log_.last();
    return std::pair(m.at.term, m.at.index) >= std::pair(last.term, last.index);
}

void Core::take_vote_request(const Message& m) {
    const bool pre = m.kind == MessageKind::kPreVote;
    const bool bound = !m.forced && is_bound_to_leader(m);
    bool grants = !bound && !is_repairing() && !snapshot_ && is_up_to_date(m);
    if (pre) {
        grants = grants && m.term > hard_state_.term;
    } else {
        const bool free =
            hard_state_.vote == m.from || (hard_state_.vote == kNobody && leader_ == kNobody);
        grants = grants && free;
    }
    Message answer = message(pre ? MessageKind::kPreVoteAnswer : MessageKind::kVoteAnswer, m.from);
    answer.rejected = !grants;
    answer.ceiling = hard_state_.ceiling;
    answer.hint = committed();
    if (grants && pre) {
        answer.term = m.term;
    } else if (grants && hard_state_.vote != m.from) {
        hard_state_.vote = m.from;
        promise_changed();
        wait_for_election();
    }
    send_when_promised(std::move(answer));
}

void Core::take_vote_answer(const Message& m) {
    const bool pre = m.kind == MessageKind::kPreVoteAnswer;
    if (role_ != (pre ? Role::kPreCandidate : Role::kCandidate)) {
        return;
    }
    const std::uint64_t asked_for = hard_state_.term + (pre && !m.rejected ? 1 : 0);
    if (m.term != asked_for) {
        return;
    }
    votes_[m.from] = !m.rejected;
    if (!pre && !m.rejected) {
        stamp_floor_ = std::max(stamp_floor_, m.ceiling);
    }
    const auto said = [this](bool yes) {
        return [this, yes](ReplicaId id) {
            const auto found = votes_.find(id);
            return found != votes_.end() && found->second == yes;
        };
    };
    if (membership_.is_quorum(said(true))) {
        if (pre) {
            begin_vote(Role::kCandidate, false);
        } else {
            become_leader();
        }
    } else if (membership_.is_quorum(said(false))) {
        become_follower(hard_state_.term, kNobody);
    }
}

void Core::become_leader() {
    role_ = Role::kLeader;
    led_since_ = now_;
    leader_ = options_.id;
    votes_.clear();
    transfer_.reset();
    lease_given_up_ = false;
    ceiling_used_ = {};
    // Whoever led before may have read and stamped up to what a voter of ours has acknowledged.
    hard_state_.ceiling = std::max(hard_state_.ceiling, stamp_floor_);
    if (MUTANT(raft_new_leader_ignores_ceiling)) {
        stamp_floor_ = {};
    }
    promise_changed();
    uncommitted_.clear();
    uncommitted_bytes_ = 0;
    std::map<ReplicaId, Progress> before = std::exchange(progress_, {});
    sync_progress();
    if (MUTANT(raft_read_id_reused)) {
        read_id_ = 0;
        for (auto& [id, progress] : progress_) {
            const auto found = before.find(id);
            progress.read_acked = found == before.end() ? 0 : found->second.read_acked;
        }
    }
    check_due_ = now_ + options_.timeouts.election_max;
    term_start_ = log_.last_index() + 1;
    append(EntryKind::kNoop, {});
    send_heartbeats();
}

void Core::on(const Campaign&) {
    if (asleep_) {
        wake();
    }
    if (role_ != Role::kLeader) {
        campaign(false);
    }
}

void Core::on(const ForgetLeader&) {
    if (role_ == Role::kFollower) {
        wake();
        leader_ = kNobody;
        leader_heard_.reset();
    }
}

}  // namespace distkv::raft
