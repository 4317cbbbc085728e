#include <algorithm>

#include "base/check.h"
#include "base/mutant.h"
#include "raft/core.h"

namespace distkv::raft {

void Core::heard_leader(const Message& m) {
    leader_heard_ = now_;
    held_by_all_ = std::max(held_by_all_, m.held_by_all);
    wait_for_election();
}

void Core::take_append(Message& m) {
    heard_leader(m);
    if (snapshot_ || (refused_ && !m.entries.empty())) {
        return;  // It comes again.
    }
    const std::uint64_t matched = m.at.index + m.entries.size();
    if (matched <= hard_state_.commit) {
        // An old append, or a leader that does not know yet how far we are. What is committed is
        // in the log of every leader.
        acknowledge(m, hard_state_.commit);
        return;
    }
    if (m.at.index >= log_.cut().index && !log_.holds(m.at)) {
        reject_append(m);
        return;
    }
    for (Entry& entry : m.entries) {
        if (entry.index < log_.cut().index || log_.holds(entry.position())) {
            continue;
        }
        if (entry.index <= hard_state_.commit) {
            return;  // No leader contradicts what is committed, least of all our cut.
        }
        if (entry.index <= log_.last_index()) {
            truncate_log(entry.index);
        }
        log_.append(std::move(entry));
    }
    verified_ = std::max(verified_, matched);
    check_repaired();
    commit_to(std::min(m.commit, verified_));
    acknowledge(m, MUTANT(raft_acks_unverified_suffix) ? log_.last_index() : matched);
    settle_membership();
}

// Covers what the append covered: what stands behind it in our log may be of another leader.
void Core::acknowledge(const Message& m, std::uint64_t matched) {
    Message answer = message(MessageKind::kAppendAnswer, m.from);
    answer.at.index = matched;
    if (matched <= durable_last_) {
        hold(promise_dirty_ ? sequence_ + 1 : promise_sequence_, std::move(answer));
    } else {
        send_when_durable(std::move(answer));
    }
}

void Core::reject_append(const Message& m) {
    Message answer = message(MessageKind::kAppendAnswer, m.from);
    answer.rejected = true;
    answer.at = m.at;
    answer.hint = log_.agree_below(m.at.index, m.at.term);
    answer.forgot = is_repairing();
    send_when_promised(std::move(answer));
}

void Core::take_heartbeat(const Message& m) {
    heard_leader(m);
    commit_to(std::min(m.commit, verified_));
    settle_membership();
    if (m.sent_at == time::MonoTime{}) {
        return;
    }
    Message answer = message(MessageKind::kHeartbeatAnswer, m.from);
    answer.at.index = verified_;
    answer.hint.index =
        MUTANT(raft_acks_unverified_suffix) ? durable_last_ : std::min(verified_, durable_last_);
    answer.read_id = m.read_id;
    answer.sent_at = m.sent_at;
    answer.forgot = is_repairing();
    if (options_.leases && m.lease > time::Duration{}) {
        answer.lease = std::min(m.lease, options_.lease_max);
        promised_until_ = std::max(promised_until_, now_ + answer.lease);
        promised_to_ = m.from;
    }
    if (m.ceiling > hard_state_.ceiling) {
        hard_state_.ceiling = m.ceiling;
        promise_changed();
    }
    answer.ceiling = m.ceiling;
    send_when_promised(std::move(answer));
}

// Damage took entries that we had acknowledged. They are back when our log, which matches a
// leader's, reaches as far as it ever did; or holds an entry of a term that began without our vote:
// that leader was elected by others, one of whom had all that was committed.
void Core::check_repaired() {
    if (!is_repairing()) {
        return;
    }
    const std::uint64_t proven = std::min(durable_last_, verified_);
    const std::optional<std::uint64_t> term = log_.term_at(proven);
    if (proven >= hard_state_.repair.index || (term && *term > hard_state_.repair.term)) {
        hard_state_.repair = {};
        promise_changed();
    }
}

void Core::on(const OfferSnapshot& offer) {
    const Position at = offer.meta.at;
    if (role_ != Role::kFollower || snapshot_) {
        return;
    }
    Message append = message(MessageKind::kAppend, options_.id);
    append.from = offer.from;
    if (at.index <= hard_state_.commit) {
        acknowledge(append, hard_state_.commit);
        return;
    }
    if (log_.holds(at)) {
        verified_ = std::max(verified_, at.index);
        commit_to(at.index);
        acknowledge(append, at.index);
        settle_membership();
        return;
    }
    log_.reset(at, offer.meta.membership);
    verified_ = at.index;
    for (Flight& flight : flights_) {
        flight.last = 0;  // The log that it belongs to is gone.
    }
    asked_last_ = at.index;
    durable_last_ = std::min(durable_last_, at.index);
    hard_state_.commit = at.index;
    commit_dirty_ = true;
    snapshot_ = offer.meta;
    snapshot_asked_ = false;
    Message answer = message(MessageKind::kAppendAnswer, offer.from);
    answer.at.index = at.index;
    send_when_durable(std::move(answer));
}

}  // namespace distkv::raft
