#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "raft/core.h"

namespace distkv::raft {

namespace {

// An append of this many bytes is worth nothing more: the message is full.
constexpr std::size_t kAppendsPerPass = 64;

}  // namespace

// One for each other member, and none for anybody else.
void Core::sync_progress() {
    const std::vector<ReplicaId> everyone = membership_.everyone();
    for (auto it = progress_.begin(); it != progress_.end();) {
        if (std::ranges::binary_search(everyone, it->first)) {
            ++it;
            continue;
        }
        // Its last chance to learn from us that it has been removed.
        send_heartbeat(it->first, it->second, false);
        it = progress_.erase(it);
    }
    for (const ReplicaId id : everyone) {
        if (id != options_.id) {
            const auto [it, is_new] = progress_.try_emplace(id, log_.last_index() + 1);
            if (is_new) {
                it->second.heard = now_;
            }
        }
    }
    if (transfer_ && !membership_.is_voter(transfer_->to)) {
        transfer_.reset();
    }
}

void Core::append(EntryKind kind, Body body) {
    Entry entry{log_.last_index() + 1, hard_state_.term, kind, std::move(body)};
    const std::size_t bytes = cost_of(entry);
    log_.append(std::move(entry));
    if (kind == EntryKind::kNormal) {
        uncommitted_.emplace_back(log_.last_index(), bytes);
        uncommitted_bytes_ += bytes;
    }
}

// ---- Towards followers ------------------------------------------------------------------------

void Core::send_appends() {
    if (asleep_) {
        return;
    }
    for (auto& [id, progress] : progress_) {
        send_appends(id, progress);
    }
}

void Core::send_appends(ReplicaId to, Progress& progress) {
    for (std::size_t i = 0; i < kAppendsPerPass; ++i) {
        const bool has_more = progress.next <= log_.last_index();
        const bool may = progress.pace == Pace::kProbe
                             ? !progress.probe_out
                             : progress.pace == Pace::kReplicate && has_more &&
                                   progress.inflight() < options_.inflight_messages_max &&
                                   progress.inflight_bytes() < options_.inflight_bytes_max;
        if (!may || progress.fetching > 0 || !send_append(to, progress)) {
            return;
        }
    }
}

// False: nothing could be sent, a fetch or a snapshot comes first.
bool Core::send_append(ReplicaId to, Progress& progress) {
    const std::optional<std::uint64_t> before = log_.term_at(progress.next - 1);
    if (!before) {  // What it needs is cut away.
        progress.to_snapshot(log_.cut().index);
        effects_.snapshots.push_back(to);
        return false;
    }
    std::vector<Entry> entries;
    if (progress.next <= log_.last_index()) {
        entries = log_.read(progress.next, log_.last_index(), options_.message_bytes_max);
        if (entries.empty()) {
            progress.fetching = progress.next;
            effects_.fetch.push_back({.for_whom = to,
                                      .term = hard_state_.term,
                                      .first = progress.next,
                                      .last = log_.last_index(),
                                      .bytes_max = options_.message_bytes_max});
            return false;
        }
    }
    send_append(to, progress, {progress.next - 1, *before}, std::move(entries));
    return true;
}

void Core::send_append(ReplicaId to, Progress& progress, Position before,
                       std::vector<Entry> entries) {
    Message m = message(MessageKind::kAppend, to);
    m.at = before;
    m.commit = hard_state_.commit;
    m.entries = std::move(entries);
    progress.commit_told = m.commit;
    if (progress.pace == Pace::kProbe) {
        progress.probe_out = true;
    } else if (!m.entries.empty()) {
        progress.next = m.entries.back().index + 1;
        progress.sent(m.entries.back().index, cost_of(m), now_);
    }
    send_now(std::move(m));
}

// While appends flow they carry the commit index; when they stop, it has to be told once more.
void Core::tell_commit() {
    for (auto& [id, progress] : progress_) {
        const bool idle = progress.pace == Pace::kReplicate && progress.inflight() == 0;
        const std::uint64_t tellable = std::min(progress.match, hard_state_.commit);
        if (!asleep_ && idle && progress.commit_told < tellable) {
            send_heartbeat(id, progress, false);
        }
    }
}

void Core::send_heartbeat(ReplicaId to, Progress& progress, bool wants_answer) {
    Message m = message(MessageKind::kHeartbeat, to);
    m.commit = std::min(progress.match, hard_state_.commit);
    progress.commit_told = std::max(progress.commit_told, m.commit);
    if (wants_answer) {
        m.sent_at = now_;
        m.read_id = read_id_;
        m.lease = options_.leases ? options_.timeouts.election_min : time::Duration{};
        m.ceiling = hard_state_.ceiling;
        m.held_by_all = held_by_all_;
    }
    send_now(std::move(m));
}

void Core::send_heartbeats() {
    heartbeat_due_ = now_ + options_.timeouts.heartbeat;
    held_by_all_ = durable_last_;
    for (const auto& [id, progress] : progress_) {
        held_by_all_ = std::min(held_by_all_, progress.match);
    }
    for (auto& [id, progress] : progress_) {
        send_heartbeat(id, progress, true);
    }
}

// ---- From followers ---------------------------------------------------------------------------

void Core::take_append_answer(const Message& m) {
    const auto found = progress_.find(m.from);
    if (role_ != Role::kLeader || found == progress_.end()) {
        return;
    }
    Progress& progress = found->second;
    progress.heard = now_;
    if (m.rejected) {
        const bool is_stale = progress.pace == Pace::kReplicate ? m.at.index <= progress.match
                                                                : progress.next - 1 != m.at.index;
        if (m.forgot) {
            progress.match = std::min(progress.match, m.hint.index);
        } else if (is_stale || m.at.index == 0) {
            return;
        }
        // Where both agree at the latest, as far as the terms tell; in any case below what was just
        // refused, which may lead to below our cut, and so to a snapshot.
        const std::uint64_t agree = log_.agree_below(m.hint.index, m.hint.term).index;
        const std::uint64_t at = std::min({agree, m.hint.index, m.at.index - 1});
        progress.to_probe(std::max(progress.match, at) + 1);
        return;
    }
    if (m.at.index > log_.last_index()) {
        return;  // Nobody of ours would say so.
    }
    take_match(progress, m.at.index);
    const bool has_come = progress.pace == Pace::kSnapshot && m.at.index >= progress.snapshot_index;
    if (progress.pace == Pace::kProbe || has_come) {
        progress.to_replicate();
    }
    continue_transfer();
}

// The follower's log is ours up to here, and durable.
void Core::take_match(Progress& progress, std::uint64_t index) {
    progress.acked(index);
    if (index > progress.match && index <= log_.last_index()) {
        progress.match = index;
        progress.next = std::max(progress.next, index + 1);
        advance_commit();
    }
}

void Core::take_heartbeat_answer(const Message& m) {
    const auto found = progress_.find(m.from);
    if (role_ != Role::kLeader || found == progress_.end()) {
        return;
    }
    if (m.sent_at > now_ || m.read_id > read_id_ || m.ceiling > hard_state_.ceiling) {
        return;  // Answers what was never asked; nobody of ours would say so.
    }
    Progress& progress = found->second;
    progress.heard = now_;
    progress.read_acked = std::max(progress.read_acked, m.read_id);
    progress.ceiling_acked = std::max(progress.ceiling_acked, m.ceiling);
    take_lease(progress, m.sent_at, m.lease);
    progress.probe_out = false;
    take_match(progress, m.hint.index);  // Its acknowledgement may have been lost.
    // An append that left before the question did, and has not come; or a follower that has started
    // anew, and believes nothing of its log before it has heard of it.
    const bool flows = progress.pace == Pace::kReplicate;
    const bool lost = flows && progress.inflight() > 0 && progress.oldest_sent() < m.sent_at &&
                      m.at.index + 1 < progress.next;
    const bool anew = flows && m.at.index < progress.match;
    if (lost || anew || (m.forgot && m.at.index < progress.match)) {
        progress.match = m.forgot ? std::min(progress.match, m.at.index) : progress.match;
        progress.to_probe(std::max(progress.match, m.at.index) + 1);
    }
    confirm_reads();
    leave_joint();
}

void Core::take_lease(Progress& progress, time::MonoTime sent_at, time::Duration promised) const {
    // Both oscillators may be off, each to its side.
    const time::Duration lease = std::min(promised, options_.timeouts.election_max);
    const time::Duration error = (options_.drift + options_.drift).over(lease);
    progress.lease_until = std::max(progress.lease_until, sent_at + lease - error);
}

std::uint64_t Core::match_of(ReplicaId id) const {
    if (id == options_.id) {
        return durable_last_;
    }
    const auto found = progress_.find(id);
    return found == progress_.end() ? 0 : found->second.match;
}

void Core::advance_commit() {
    if (role_ != Role::kLeader) {
        return;
    }
    const std::uint64_t reached =
        membership_.committed([this](ReplicaId id) { return match_of(id); });
    if (reached <= hard_state_.commit || reached > log_.last_index()) {
        return;
    }
    // Raft 5.4.2: count only entries of our own term; those before are committed with them.
    if (log_.term_at(reached) != hard_state_.term && !MUTANT(raft_commits_prior_term_by_counting)) {
        return;
    }
    commit_to(reached);
    settle_membership();
    reads_unsent_ = reads_unsent_ || !reads_.empty();
}

// A leader that is cut off steps down. So does one that hears a majority, but not the regions that
// a commit needs besides: it is in the way of somebody who may hear them. And it lets others try
// first, or that majority would elect it again at once.
void Core::check_quorum() {
    check_due_ = now_ + options_.timeouts.election_min;
    const auto heard = [this](ReplicaId id) {
        if (id == options_.id) {
            return true;
        }
        const auto found = progress_.find(id);
        return found != progress_.end() &&
               now_ - found->second.heard < options_.timeouts.election_max;
    };
    if (!membership_.can_commit(heard)) {
        if (membership_.is_quorum(heard)) {
            leaves_it_until_ = now_ + 5 * options_.timeouts.election_max;
        }
        become_follower(hard_state_.term, kNobody);
        return;
    }
    if (transfer_ && now_ >= transfer_->gives_up) {
        transfer_.reset();
    }
    const Member* self = membership_.find(options_.id);
    const bool has_had_its_time = now_ - led_since_ > 4 * options_.timeouts.election_max;
    if (self != nullptr && self->witness && has_had_its_time && better_leader() == kNobody) {
        // Whoever could take over needs a state that a witness does not have, or is out of reach.
        leaves_it_until_ = now_ + 5 * options_.timeouts.election_max;
        become_follower(hard_state_.term, kNobody);
        return;
    }
    prefer_priority();
}

// ---- Snapshots --------------------------------------------------------------------------------

void Core::on(const SnapshotSent& sent) {
    const auto found = progress_.find(sent.to);
    if (role_ != Role::kLeader || found == progress_.end()) {
        return;
    }
    Progress& progress = found->second;
    if (progress.pace != Pace::kSnapshot) {
        return;
    }
    const std::uint64_t next =
        sent.delivered ? std::max(progress.match, sent.at.index) + 1 : progress.match + 1;
    progress.to_probe(std::min(next, log_.last_index() + 1));
    progress.probe_out = true;  // Not before it answers a heartbeat: it may be busy, or gone.
}

}  // namespace distkv::raft
