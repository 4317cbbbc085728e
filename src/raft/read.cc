// Linearizable reads without a log entry. A read is answered with an index: whoever has applied so
// far may answer it. The leader must be sure that it still leads, by a lease, or by a round of
// heartbeats that began after the read did. Rounds are numbered over the whole life of a core:
// an answer to a round of an earlier term never counts.
#include <algorithm>
#include <utility>

#include "raft/core.h"

namespace distkv::raft {

// Before that, the commit index of a new leader may lag behind what an earlier one has answered.
bool Core::has_committed_in_term() const {
    return role_ == Role::kLeader && hard_state_.commit >= term_start_;
}

void Core::on(const Read& read) {
    if (asleep_ && (role_ != Role::kLeader || !read.may_use_lease || now_ >= lease_until())) {
        wake();
    }
    if (role_ == Role::kLeader) {
        begin_read({.ticket = read.ticket, .from = options_.id}, read.may_use_lease);
        return;
    }
    const auto refuse = [&](base::Errc code, std::string why) {
        effects_.reads.push_back({read.ticket, base::fail(code, std::move(why))});
    };
    if (leader_ == kNobody) {
        return refuse(base::Errc::kRetry, "no leader is known at present");
    }
    if (follower_reads_.size() >= options_.reads_max) {
        return refuse(base::Errc::kRetry, "too many reads wait for the leader already");
    }
    Message m = message(MessageKind::kReadIndex, leader_);
    m.context = ++next_context_;
    follower_reads_[m.context] = {read.ticket, now_ + options_.timeouts.election_min};
    m.forced = !read.may_use_lease;
    send_now(std::move(m));
}

void Core::begin_read(PendingRead read, bool may_use_lease) {
    if (may_use_lease && now_ < lease_until()) {
        read.index = hard_state_.commit;
        answer_read(read);
        return;
    }
    if (reads_.size() >= options_.reads_max) {
        refuse_read(read, "too many reads wait already");
        return;
    }
    reads_.push_back(read);
    reads_unsent_ = true;
}

void Core::ask_for_reads() {
    if (!std::exchange(reads_unsent_, false) || !has_committed_in_term()) {
        return;  // It will be tried again when the first entry of the term is committed.
    }
    bool is_new = false;
    for (auto read = reads_.rbegin(); read != reads_.rend() && read->read_id == 0; ++read) {
        read->read_id = read_id_ + 1;
        read->index = hard_state_.commit;
        is_new = true;
    }
    if (is_new) {
        ++read_id_;
        send_heartbeats();
        confirm_reads();
    }
}

void Core::confirm_reads() {
    if (reads_.empty()) {
        return;
    }
    const std::uint64_t acked = membership_.reached([this](ReplicaId id) {
        if (id == options_.id) {
            return UINT64_MAX;
        }
        const auto found = progress_.find(id);
        return found == progress_.end() ? 0 : found->second.read_acked;
    });
    while (!reads_.empty() && reads_.front().read_id != 0 && reads_.front().read_id <= acked) {
        answer_read(reads_.front());
        reads_.pop_front();
    }
}

void Core::answer_read(const PendingRead& read) {
    if (read.from == options_.id) {
        effects_.reads.push_back({read.ticket, read.index});
        return;
    }
    Message m = message(MessageKind::kReadIndexAnswer, read.from);
    m.context = read.context;
    m.at.index = read.index;
    send_now(std::move(m));
}

void Core::refuse_read(const PendingRead& read, std::string why) {
    if (read.from == options_.id) {
        effects_.reads.push_back({read.ticket, base::fail(base::Errc::kRetry, std::move(why))});
        return;
    }
    Message m = message(MessageKind::kReadIndexAnswer, read.from);
    m.context = read.context;
    m.rejected = true;
    send_now(std::move(m));
}

void Core::fail_reads() {
    for (const PendingRead& read : std::exchange(reads_, {})) {
        refuse_read(read, "the leader stepped down before it could be sure that it led");
    }
    reads_unsent_ = false;
}

void Core::take_read_request(const Message& m) {
    const PendingRead read{.ticket = 0, .from = m.from, .context = m.context};
    if (role_ == Role::kLeader) {
        begin_read(read, !m.forced);
    } else {
        refuse_read(read, {});
    }
}

void Core::take_read_answer(const Message& m) {
    const auto found = follower_reads_.find(m.context);
    if (found == follower_reads_.end()) {
        return;
    }
    if (m.rejected) {
        effects_.reads.push_back(
            {found->second.ticket,
             base::fail(base::Errc::kRetry, "the replica that was asked does not lead")});
    } else {
        effects_.reads.push_back({found->second.ticket, m.at.index});
    }
    follower_reads_.erase(found);
}

}  // namespace distkv::raft
