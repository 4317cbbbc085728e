// What is committed, and what becomes of it.
#include <algorithm>

#include "base/check.h"
#include "raft/core.h"

namespace distkv::raft {

void Core::commit_to(std::uint64_t index) {
    if (index <= hard_state_.commit) {
        return;
    }
    CHECK(index <= log_.last_index());
    hard_state_.commit = index;
    while (!uncommitted_.empty() && uncommitted_.front().first <= index) {
        uncommitted_bytes_ -= uncommitted_.front().second;
        uncommitted_.pop_front();
    }
    const std::optional<std::uint64_t> change = log_.change_above(membership_index_);
    if (change && *change <= index) {
        commit_dirty_ = true;
    }
}

void Core::settle_membership() {
    const Log::Decided decided = log_.membership_at(hard_state_.commit);
    if (snapshot_ || decided.index <= membership_index_ || durable_.commit < decided.index) {
        return;
    }
    membership_ = *decided.membership;
    membership_index_ = decided.index;
    const bool votes = membership_.is_voter(options_.id);
    if (role_ == Role::kLeader) {
        sync_progress();
        if (votes) {
            leave_joint();
        } else {
            removed_from_group();
        }
    } else if (role_ != Role::kFollower && !votes) {
        become_follower(hard_state_.term, kNobody);
    }
}

void Core::hand_out(std::vector<Entry> entries) {
    Handed handed;
    for (const Entry& entry : entries) {
        CHECK(entry.index == handed_ + 1);
        handed.bytes += cost_of(entry);
        handed_ = entry.index;
    }
    handed.last = handed_;
    handed_bytes_ += handed.bytes;
    handed_out_.push_back(handed);
    auto& out = effects_.apply;
    out.insert(out.end(), std::make_move_iterator(entries.begin()),
               std::make_move_iterator(entries.end()));
}

// Only what is durable here: the state must not run ahead of the log from which it is rebuilt.
void Core::hand_out() {
    const std::uint64_t until = std::min(hard_state_.commit, durable_last_);
    while (!snapshot_ && !fetching_ && handed_ < until &&
           handed_bytes_ < options_.apply_bytes_max) {
        const std::size_t room = options_.apply_bytes_max - handed_bytes_;
        std::vector<Entry> entries = log_.read(handed_ + 1, until, room);
        if (entries.empty()) {
            fetching_ = true;
            effects_.fetch.push_back({.for_whom = options_.id,
                                      .term = hard_state_.term,
                                      .first = handed_ + 1,
                                      .last = until,
                                      .bytes_max = room});
            return;
        }
        hand_out(std::move(entries));
    }
}

void Core::on(const Applied& applied) {
    applied_ = std::max(applied_, std::min(applied.index, handed_));
    while (!handed_out_.empty() && handed_out_.front().last <= applied_) {
        handed_bytes_ -= handed_out_.front().bytes;
        handed_out_.pop_front();
    }
}

void Core::on(Fetched& fetched) {
    if (fetched.what.for_whom == options_.id) {
        take_fetched(fetched);
        return;
    }
    const auto found = progress_.find(fetched.what.for_whom);
    if (role_ != Role::kLeader || fetched.what.term != hard_state_.term ||
        found == progress_.end()) {
        return;
    }
    Progress& progress = found->second;
    if (progress.fetching != fetched.what.first) {
        return;  // Of an earlier question, which does not matter any more.
    }
    progress.fetching = 0;
    if (progress.next != fetched.what.first) {
        return;  // It has got further meanwhile; what it needs now is asked for anew.
    }
    const std::optional<std::uint64_t> before = log_.term_at(progress.next - 1);
    if (fetched.entries && !fetched.entries->empty() && before) {
        send_append(found->first, progress, {progress.next - 1, *before},
                    *std::move(fetched.entries));
    } else {
        // Cut away meanwhile, or unreadable: it is looked at anew when it answers a heartbeat.
        progress.to_probe(progress.match + 1);
        progress.probe_out = true;
    }
}

void Core::take_fetched(Fetched& fetched) {
    std::vector<Entry> entries;
    if (fetched.entries) {
        entries = *std::move(fetched.entries);
    }
    const std::uint64_t until = std::min(hard_state_.commit, durable_last_);
    const bool fits = !snapshot_ && !entries.empty() && entries.front().index == handed_ + 1 &&
                      entries.back().index <= until &&
                      std::ranges::all_of(entries, [this](const Entry& entry) {
                          return log_.holds(entry.position());
                      });
    if (fits) {
        fetching_ = false;
        hand_out(std::move(entries));
    } else {
        // Unreadable, or of a log before a snapshot. A tick asks anew; a sleeper has none.
        fetch_failed_ = true;
        fetch_again_ = now_ + options_.timeouts.heartbeat;
        wake();
    }
}

void Core::on(const Cut& cut) {
    CHECK(cut.index <= applied_);
    // A restart would begin behind the cut, with the membership as of there: it is committed and
    // durable, whatever the hard state on the disk says. Were it not in effect when its entry goes,
    // it would look as if no change were pending, and the next one would start from the one before.
    durable_.commit = std::max(durable_.commit, cut.index);
    settle_membership();
    log_.cut_to(cut.index);
}

}  // namespace distkv::raft
