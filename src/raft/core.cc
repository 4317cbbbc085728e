#include "raft/core.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::raft {

Core::Core(Options options, Start start, time::MonoTime now, base::Rng rng)
    : options_(options),
      rng_(rng),
      now_(now),
      hard_state_(start.hard_state),
      membership_(start.membership),
      membership_index_(start.cut.index),
      log_(start.cut, std::move(start.membership)),
      durable_(start.hard_state),
      applied_(start.applied),
      handed_(start.applied),
      next_context_(rng_.next()) {
    CHECK(options_.id != kNobody);
    CHECK(start.applied >= start.cut.index);
    std::uint64_t last_seen = start.cut.index;
    for (const Entry& entry : start.entries) {
        last_seen = entry.index;
        if (start.damage && entry.index >= start.damage->first) {
            continue;  // What stands behind the damage comes again, with what was lost.
        }
        log_.append_known(entry.position());
        if (entry.kind == EntryKind::kMembership) {
            auto membership = Membership::decode(entry.body.view());
            CHECK(membership.has_value());
            log_.note_membership(entry.index, *std::move(membership));
        }
    }
    if (start.damage) {
        CHECK(start.damage->first > start.applied);
        const std::uint64_t lost = std::max(start.damage->last, last_seen);
        hard_state_.repair = {std::max(hard_state_.repair.index, lost), hard_state_.term};
        promise_changed();
    }
    asked_last_ = durable_last_ = log_.last_index();
    CHECK(log_.last_index() >= start.applied);
    if (MUTANT(raft_replay_regresses_membership)) {
        hard_state_.commit = start.applied;
    } else {
        const std::uint64_t commit = std::max(hard_state_.commit, start.applied);
        hard_state_.commit = std::min(commit, log_.last_index());
        const Log::Decided decided = log_.membership_at(hard_state_.commit);
        membership_ = *decided.membership;
        membership_index_ = decided.index;
    }
    durable_.commit = hard_state_.commit;
    if (options_.leases && start.hard_state.term > 0) {
        promised_until_ = now_ + options_.lease_max;
    }
    wait_for_election();
}

void Core::step(time::MonoTime now, Input input) {
    CHECK(now >= now_);
    now_ = now;
    touched_ = true;
    std::visit([this](auto& what) { on(what); }, input);
}

Effects Core::take_effects() {
    if (role_ == Role::kLeader) {
        ask_for_reads();
        send_appends();
        tell_commit();
    }
    ask_for_persist();
    hand_out();
    log_.shrink(std::min(durable_last_, handed_), options_.cache_bytes_max);
    // Our own vote may have made us the leader just now.
    touched_ = is_dirty() && !refused_ && has_room();
    return std::exchange(effects_, Effects{});
}

void Core::tick() {
    if (asleep_) {
        return;
    }
    if (fetch_failed_ && now_ >= fetch_again_) {
        fetching_ = fetch_failed_ = false;
    }
    std::erase_if(follower_reads_, [this](const auto& read) {
        if (now_ < read.second.gives_up) {
            return false;
        }
        effects_.reads.push_back(
            {read.second.ticket,
             base::fail(base::Errc::kRetry, "the leader did not answer in time")});
        return true;
    });
    if (role_ == Role::kLeader) {
        if (now_ >= check_due_) {
            check_quorum();
        }
        if (role_ == Role::kLeader && now_ >= heartbeat_due_) {
            send_heartbeats();
        }
        return;
    }
    if (now_ >= election_due_) {
        campaign(false);
    }
}

time::MonoTime Core::next_tick() const {
    if (asleep_) {
        return time::MonoTime::max();
    }
    time::MonoTime due =
        role_ == Role::kLeader ? std::min(heartbeat_due_, check_due_) : election_due_;
    for (const auto& [context, read] : follower_reads_) {
        due = std::min(due, read.gives_up);
    }
    if (fetch_failed_) {
        due = std::min(due, fetch_again_);
    }
    if (refused_ && is_dirty()) {
        due = std::min(due, persist_again_);
    }
    return due;
}

Message Core::message(MessageKind kind, ReplicaId to) const {
    Message m;
    m.kind = kind;
    m.from = options_.id;
    m.to = to;
    m.term = hard_state_.term;
    return m;
}

Position Core::committed() const {
    return {hard_state_.commit, log_.term_at(hard_state_.commit).value_or(0)};
}

void Core::take(Message& m) {
    if (m.to != options_.id || m.from == options_.id || m.from == kNobody) {
        return;
    }
    // What was under way when a leader fell asleep, and says what it knows, is no reason to wake.
    const bool is_late_answer = role_ == Role::kLeader && m.kind == MessageKind::kHeartbeatAnswer &&
                                m.term == hard_state_.term && !m.forgot;
    if (asleep_ && m.kind != MessageKind::kSleep && !is_late_answer) {
        wake();
    }
    handle(m);
}

void Core::handle(Message& m) {
    learn_commit(m);
    if (!settle_terms(m)) {
        return;
    }
    switch (m.kind) {
        case MessageKind::kPreVote:
        case MessageKind::kVote:
            return take_vote_request(m);
        case MessageKind::kPreVoteAnswer:
        case MessageKind::kVoteAnswer:
            return take_vote_answer(m);
        case MessageKind::kAppend:
            return take_append(m);
        case MessageKind::kAppendAnswer:
            return take_append_answer(m);
        case MessageKind::kHeartbeat:
            return take_heartbeat(m);
        case MessageKind::kHeartbeatAnswer:
            return take_heartbeat_answer(m);
        case MessageKind::kTransfer:
            return take_transfer(m);
        case MessageKind::kReadIndex:
            return take_read_request(m);
        case MessageKind::kReadIndexAnswer:
            return take_read_answer(m);
        case MessageKind::kSleep:
            return take_sleep(m);
        case MessageKind::kWake:
            return;  // take() has woken us.
    }
}

// Moves to a higher term, answers lower ones. False: the message has no further effect.
bool Core::settle_terms(const Message& m) {
    const bool comes_from_leader = m.kind == MessageKind::kAppend ||
                                   m.kind == MessageKind::kHeartbeat ||
                                   m.kind == MessageKind::kSleep;
    // Reads are named by the follower, and no term makes their answers wrong.
    const bool is_read =
        m.kind == MessageKind::kReadIndex || m.kind == MessageKind::kReadIndexAnswer;
    if (m.term < hard_state_.term) {
        if (!is_read) {
            refuse_old_term(m);
        }
        return is_read;
    }
    if (m.term == hard_state_.term) {
        if (comes_from_leader && role_ == Role::kLeader) {
            return false;  // There is one leader a term (5.2), and it is this one.
        }
        if (comes_from_leader && (leader_ != m.from || role_ != Role::kFollower)) {
            become_follower(m.term, m.from);
        }
        return true;
    }
    const bool asks_about_future =
        m.kind == MessageKind::kPreVote || (m.kind == MessageKind::kPreVoteAnswer && !m.rejected);
    if (asks_about_future) {
        return true;
    }
    if (m.kind == MessageKind::kVote && !m.forced && is_bound_to_leader(m)) {
        return false;
    }
    become_follower(m.term, comes_from_leader ? m.from : kNobody);
    return true;
}

// A leader that was deposed, or a candidate that does not know it, learns the term from us.
void Core::refuse_old_term(const Message& m) {
    switch (m.kind) {
        case MessageKind::kPreVote:
        case MessageKind::kVote:
        case MessageKind::kAppend:
        case MessageKind::kHeartbeat:
        case MessageKind::kSleep:
            break;
        default:
            return;
    }
    const MessageKind kind = m.kind == MessageKind::kPreVote ? MessageKind::kPreVoteAnswer
                             : m.kind == MessageKind::kVote  ? MessageKind::kVoteAnswer
                                                             : MessageKind::kAppendAnswer;
    Message answer = message(kind, m.from);
    answer.rejected = true;
    answer.ceiling = hard_state_.ceiling;
    send_when_promised(std::move(answer));
}

Status Core::status() const {
    return {.id = options_.id,
            .role = role_,
            .learner = !membership_.is_voter(options_.id),
            .term = hard_state_.term,
            .vote = hard_state_.vote,
            .leader = leader_,
            .commit = hard_state_.commit,
            .applied = applied_,
            .first = log_.first_index(),
            .last = log_.last_index(),
            .terms = log_.terms(),
            .membership = membership_};
}

time::Hlc Core::ceiling() const {
    if (role_ != Role::kLeader) {
        return {};
    }
    const time::Hlc reached{membership_.reached([this](ReplicaId id) {
        if (id == options_.id) {
            return durable_.ceiling.word;
        }
        const auto found = progress_.find(id);
        return found == progress_.end() ? 0 : found->second.ceiling_acked.word;
    })};
    ceiling_used_ = std::max(ceiling_used_, reached);
    return reached;
}

time::MonoTime Core::lease_until() const {
    const bool may =
        role_ == Role::kLeader && options_.leases && !lease_given_up_ && has_committed_in_term();
    if (!may) {
        return time::MonoTime::min();
    }
    const std::uint64_t until = membership_.reached([this](ReplicaId id) -> std::uint64_t {
        if (id == options_.id) {
            return INT64_MAX;
        }
        const auto found = progress_.find(id);
        const std::int64_t at =
            found == progress_.end() ? 0 : found->second.lease_until.time_since_epoch().count();
        return static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0));
    });
    return time::MonoTime(time::Duration(static_cast<std::int64_t>(until)));
}

void Core::on(const WantCeiling& want) {
    if (role_ != Role::kLeader || want.up_to <= hard_state_.ceiling) {
        return;
    }
    if (asleep_) {
        wake();
    }
    hard_state_.ceiling = want.up_to;
    promise_changed();
    send_heartbeats();
}

}  // namespace distkv::raft
