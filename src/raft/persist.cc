// What is durable, and which messages wait until it is.
//
// A message that promises something (a vote, an acknowledgement, a ceiling) names the sequence that
// makes it true, and stays here until the storage has answered for that sequence. When the term
// changes meanwhile, it is dropped: a leader of the old term that heard it now would commit what a
// newer leader, for which this replica may have voted, has never seen.
//
// The commit index is a hint that returns by itself, with one exception: before a membership takes
// effect, the commit index that covers it is durable. Else a replica with *two* newer memberships
// in its log could wake up with the one before, and elect a leader with a majority that meets
// no majority of the newest.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "raft/core.h"

namespace distkv::raft {

namespace {

constexpr std::size_t kPersistBytesMax = std::size_t{8} << 20;

}  // namespace

bool Core::is_dirty() const {
    return promise_dirty_ || commit_dirty_ || log_.last_index() > asked_last_ ||
           (snapshot_ && !snapshot_asked_);
}

void Core::send_when_durable(Message m) {
    hold(next_sequence(), std::move(m));
}

void Core::send_when_promised(Message m) {
    hold(promise_dirty_ ? sequence_ + 1 : promise_sequence_, std::move(m));
}

void Core::hold(std::uint64_t sequence, Message m) {
    const bool is_vote =
        m.kind == MessageKind::kVoteAnswer || m.kind == MessageKind::kPreVoteAnswer;
    const bool forgets_to_wait =
        (MUTANT(raft_acks_before_sync) && !is_vote) || (MUTANT(raft_vote_not_persisted) && is_vote);
    const bool is_own = m.to == options_.id;
    if (is_own || (sequence > durable_sequence_ && !forgets_to_wait)) {
        if (!is_own && held_.size() >= options_.held_messages_max) {
            return;  // As good as lost; whoever waits for it asks again.
        }
        held_.push_back({sequence, std::move(m)});
    } else {
        send_now(std::move(m));
    }
}

void Core::release() {
    std::vector<Message> ready;
    std::erase_if(held_, [&](Held& held) {
        if (held.sequence > durable_sequence_) {
            return false;
        }
        ready.push_back(std::move(held.message));
        return true;
    });
    for (Message& m : ready) {
        if (m.to == options_.id) {
            handle(m);  // Our own vote, which counts once it is durable.
        } else if (m.term == hard_state_.term || m.kind == MessageKind::kPreVoteAnswer) {
            send_now(std::move(m));
        }
    }
}

Persist Core::next_persist() {
    Persist persist;
    persist.sequence = ++sequence_;
    if (promise_dirty_ || commit_dirty_) {
        persist.hard_state = hard_state_;
        if (MUTANT(raft_vote_not_persisted)) {
            persist.hard_state->vote = kNobody;
        }
        promise_sequence_ = promise_dirty_ ? sequence_ : promise_sequence_;
        promise_dirty_ = commit_dirty_ = false;
    }
    if (snapshot_ && !snapshot_asked_) {
        persist.snapshot = snapshot_;
        snapshot_asked_ = true;
    }
    if (asked_last_ < log_.last_index()) {
        persist.entries = log_.read(asked_last_ + 1, log_.last_index(), kPersistBytesMax);
        CHECK(!persist.entries.empty());
        asked_last_ = persist.entries.back().index;
    }
    Flight flight{.sequence = persist.sequence,
                  .said = {},
                  .last = 0,
                  .hard_state = persist.hard_state,
                  .snapshot = persist.snapshot};
    if (!persist.entries.empty()) {
        flight.said = persist.entries.back().position();
        flight.last = flight.said.index;
    }
    flights_.push_back(std::move(flight));
    return persist;
}

void Core::ask_for_persist() {
    if (refused_ && now_ < persist_again_) {
        return;
    }
    const std::uint64_t before = sequence_;
    while (is_dirty() && has_room()) {
        effects_.persist.push_back(next_persist());
    }
    // What waits for all that was new waits for the last part of it.
    for (Held& held : held_) {
        if (held.sequence > before) {
            held.sequence = next_sequence();
        }
    }
    release();  // Our own vote needs no storage when nothing changed.
}

void Core::truncate_log(std::uint64_t from) {
    log_.truncate(from);
    asked_last_ = std::min(asked_last_, from - 1);
    durable_last_ = std::min(durable_last_, from - 1);
    verified_ = std::min(verified_, from - 1);
    for (Flight& flight : flights_) {
        flight.last = std::min(flight.last, from - 1);
    }
}

void Core::landed(Flight& flight) {
    if (flight.hard_state) {
        const std::uint64_t commit = std::max(durable_.commit, flight.hard_state->commit);
        durable_ = *flight.hard_state;
        durable_.commit = commit;
    }
    if (flight.snapshot && snapshot_ == flight.snapshot) {
        durable_last_ = std::max(durable_last_, snapshot_->at.index);
        applied_ = handed_ = snapshot_->at.index;
        handed_out_.clear();
        handed_bytes_ = 0;
        membership_ = snapshot_->membership;
        membership_index_ = snapshot_->at.index;
        snapshot_.reset();
    }
    if (MUTANT(raft_durable_by_index_only)) {
        flight.last = std::min(flight.said.index, log_.last_index());
    }
    durable_last_ = std::max(durable_last_, flight.last);
}

void Core::on(const Persisted& answer) {
    const auto found = std::ranges::find(flights_, answer.sequence, &Flight::sequence);
    if (found == flights_.end() || found->said != answer.last) {
        return;  // Stale: answered before, or refused and asked for anew.
    }
    while (!flights_.empty() && flights_.front().sequence <= answer.sequence) {
        landed(flights_.front());
        flights_.pop_front();
    }
    durable_sequence_ = answer.sequence;
    refused_ = false;
    release();
    after_landing();
}

void Core::after_landing() {
    check_repaired();
    settle_membership();
    if (role_ == Role::kLeader) {
        advance_commit();
        leave_joint();
    }
}

// Nothing of it has happened. All that was asked for stays in memory and is asked for again; until
// then this replica does not lead, and takes in nothing more.
void Core::on(const PersistRefused& answer) {
    const auto first = std::ranges::find(flights_, answer.sequence, &Flight::sequence);
    if (first == flights_.end()) {
        return;
    }
    flights_.erase(first, flights_.end());
    asked_last_ = durable_last_;
    for (const Flight& flight : flights_) {
        asked_last_ = std::max(asked_last_, flight.last);
    }
    asked_last_ = std::max(asked_last_, log_.cut().index);
    promise_dirty_ = commit_dirty_ = true;
    snapshot_asked_ = std::ranges::any_of(flights_, [this](const Flight& flight) {
        return flight.snapshot.has_value() && flight.snapshot == snapshot_;
    });
    for (Held& held : held_) {
        if (held.sequence >= answer.sequence) {
            held.sequence = sequence_ + 1;
        }
    }
    refused_ = true;
    persist_again_ = now_ + options_.timeouts.heartbeat;
    if (role_ != Role::kFollower) {
        become_follower(hard_state_.term, kNobody);
    }
}

}  // namespace distkv::raft
