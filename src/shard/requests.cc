// What callers ask for, and who hears when it has happened.
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "shard/batch.h"
#include "world/deadline.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using raft::Position;
using world::Task;

namespace {

// Proposals that wait for the next pass; beyond it callers hear kRetry.
constexpr std::size_t kProposalsBytesMax = std::size_t{64} << 20;
constexpr std::size_t kProposeBytes = std::size_t{1} << 20;  // Told to the core at once.

std::unexpected<base::Error> not_here(GroupId group) {
    return base::fail(Errc::kNotFound, "group " + to_string(group) + " has no replica here");
}

}  // namespace

struct Host::QuorumCall {
    QuorumCall(Host& owner, Group& group, std::uint64_t id)
        : host(owner), number(id), read(group.core), answered(owner.world_.scheduler()) {
        host.quorum_calls_[number] = this;
    }
    ~QuorumCall() { host.quorum_calls_.erase(number); }
    QuorumCall(const QuorumCall&) = delete;
    QuorumCall& operator=(const QuorumCall&) = delete;

    Host& host;
    std::uint64_t number;
    raft::QuorumRead read;
    world::Signal answered;
};

Task<Result<Position>> Host::propose(GroupId id, raft::Body body) {
    Group* group = at(id);
    if (group == nullptr) {
        co_return not_here(id);
    }
    if (body.size() > base::limits::kValueBytesMax) {
        co_return base::fail(Errc::kInvalid,
                             "an entry of " + std::to_string(body.size()) + " bytes; at most " +
                                 std::to_string(base::limits::kValueBytesMax) + " are allowed");
    }
    if (group->proposals_bytes + body.size() > kProposalsBytesMax) {
        co_return base::fail(Errc::kRetry, "too many proposals wait for group " + to_string(id));
    }
    Reply reply(world_);
    group->proposals_bytes += body.size();
    group->proposals.push_back({std::move(body), reply.number()});
    touch(*group);
    while (!reply.outcome) {
        co_await reply.changed.wait();
    }
    co_return *std::move(reply.outcome);
}

// Everything that callers have asked for since the last pass, in few pieces: a piece is taken or
// refused as a whole.
void Host::feed(Group& group) {
    if (group.proposals.empty()) {
        return;
    }
    group.active_at = world_.mono_now();
    raft::Propose propose;
    std::vector<CallNumber> calls;
    std::size_t bytes = 0;
    const auto tell = [&] {
        propose.ticket = ++tickets_;
        group.tickets[propose.ticket] = std::move(calls);
        step(group, std::move(propose));
        propose = {};
        calls.clear();
        bytes = 0;
    };
    for (Proposal& proposal : group.proposals) {
        bytes += proposal.body.size();
        propose.bodies.push_back(std::move(proposal.body));
        calls.push_back(proposal.call);
        if (bytes >= kProposeBytes) {
            tell();
        }
    }
    if (!calls.empty()) {
        tell();
    }
    group.proposals.clear();
    group.proposals_bytes = 0;
}

void Host::take_proposed(Group& group, const raft::Proposed& proposed) {
    const auto transfer = group.transfers.find(proposed.ticket);
    if (transfer != group.transfers.end()) {
        settle(transfer->second, proposed.at);  // No entry, so there is nothing to be applied.
        group.transfers.erase(transfer);
        return;
    }
    const auto found = group.tickets.find(proposed.ticket);
    CHECK(found != group.tickets.end());
    const std::vector<CallNumber> calls = std::move(found->second);
    group.tickets.erase(found);
    std::uint64_t offset = 0;
    for (const CallNumber call : calls) {
        if (!proposed.at) {
            settle(call, std::unexpected(proposed.at.error()));
        } else {
            group.pending.add({proposed.at->index + offset++, proposed.at->term}, call);
        }
    }
}

void Host::settle(CallNumber call, Result<Position> outcome) {
    if (world::PendingCalls::Call* waiting = world_.pending_calls().find(call)) {
        Reply& reply = static_cast<Reply&>(*waiting);
        reply.outcome = std::move(outcome);
        reply.changed.wake_all();
    }
}

void Host::settle_all(std::vector<Settled>& settled) {
    for (Settled& one : settled) {
        settle(one.call, std::move(one.outcome));
    }
    settled.clear();
}

Task<Result<Position>> Host::change(GroupId id, raft::Change change) {
    Group* group = at(id);
    if (group == nullptr) {
        co_return not_here(id);
    }
    Reply reply(world_);
    const std::uint64_t ticket = ++tickets_;
    group->tickets[ticket] = {reply.number()};
    group->active_at = world_.mono_now();
    step(*group, raft::ProposeChange{.ticket = ticket, .change = std::move(change)});
    while (!reply.outcome) {
        co_await reply.changed.wait();
    }
    co_return *std::move(reply.outcome);
}

Task<Result<void>> Host::transfer(GroupId id, raft::ReplicaId to) {
    Group* group = at(id);
    if (group == nullptr) {
        co_return not_here(id);
    }
    Reply reply(world_);
    const std::uint64_t ticket = ++tickets_;
    group->transfers[ticket] = reply.number();
    group->active_at = world_.mono_now();
    step(*group, raft::Transfer{.ticket = ticket, .to = to});
    while (!reply.outcome) {
        co_await reply.changed.wait();
    }
    static_cast<void>(CO_TRY(std::move(*reply.outcome)));
    co_return Result<void>();
}

void Host::want_ceiling(GroupId id, time::Hlc up_to) {
    if (Group* group = at(id)) {
        step(*group, raft::WantCeiling{up_to});
    }
}

void Host::campaign(GroupId id) {
    if (Group* group = at(id)) {
        step(*group, raft::Campaign{});
    }
}

Task<Result<std::uint64_t>> Host::read(GroupId id, ReadKind kind) {
    Group* group = at(id);
    if (group == nullptr) {
        co_return not_here(id);
    }
    if (group->witness) {
        co_return base::fail(Errc::kRedirect, "a witness has no state to read");
    }
    if (kind == ReadKind::kQuorum) {
        co_return co_await read_from_quorum(id);
    }
    Reply reply(world_);
    group->active_at = world_.mono_now();
    group->reads_told.insert(reply.number());
    step(*group, raft::Read{.ticket = reply.number(), .may_use_lease = kind == ReadKind::kLease});
    while (!reply.outcome) {
        co_await reply.changed.wait();
    }
    const Position at = CO_TRY(std::move(*reply.outcome));
    co_return at.index;
}

void Host::take_read(Group& group, const raft::ReadReady& read) {
    group.reads_told.erase(read.ticket);
    if (!read.index) {
        settle(read.ticket, std::unexpected(read.index.error()));
    } else if (*read.index <= group.applied.at.index && !group.loading) {
        settle(read.ticket, group.applied.at);
    } else {
        group.reads.add(*read.index, read.ticket);
    }
}

// Asks again and again: a question or an answer may be lost. Gives up, which the caller may repeat,
// when the membership has changed underneath; or when what must be applied first does not come: it
// may be the end of a log that no leader will ever commit.
Task<Result<std::uint64_t>> Host::read_from_quorum(GroupId id) {
    Group* group = at(id);
    const std::uint64_t life = group->life;
    QuorumCall call(*this, *group, ++tickets_);
    CO_TRY(co_await ask_quorum(*group, call));
    group = at(id, life);
    if (group == nullptr) {
        co_return not_here(id);
    }
    const std::uint64_t index = *call.read.apply_first();
    if (group->applied.at.index < index || group->loading) {
        Reply reply(world_);
        group->reads.add(index, reply.number());
        const auto wait = [](Reply& its) -> Task<Result<void>> {
            while (!its.outcome) {
                co_await its.changed.wait();
            }
            co_return Result<void>();
        };
        const time::MonoTime patience = world_.mono_now() + timeouts_of(*group).failover;
        static_cast<void>(co_await world::with_deadline(world_.scheduler(), patience, wait(reply)));
        group = at(id, life);
        if (!reply.outcome) {
            if (group != nullptr) {
                group->reads.remove(index, reply.number());
            }
            co_return base::fail(Errc::kRetry, "what somebody holds is not committed, or not here");
        }
        static_cast<void>(CO_TRY(std::move(*reply.outcome)));
    }
    if (group == nullptr || !call.read.may_answer(group->core)) {
        co_return base::fail(Errc::kRetry, "the membership has changed during the read");
    }
    co_return index;
}

Task<Result<void>> Host::ask_quorum(Group& group, QuorumCall& call) {
    const GroupId id = group.id;
    const std::uint64_t life = group.life;
    const raft::ReplicaId self = group.replica;
    const time::Duration patience = timeouts_of(group).rpc_deadline;
    const std::vector<raft::ReplicaId> everyone = group.core.membership().everyone();
    call.read.take(self, raft::answer_quorum_read(group.core));
    while (!call.read.apply_first()) {
        for (const raft::ReplicaId other : everyone) {
            const auto where = services_.address_of(id, other);
            if (other != self && where) {
                send(*where, QuorumAsk{.group = id, .from = self, .number = call.number});
            }
        }
        flush_outboxes();
        const auto wait = [](QuorumCall& waiting) -> Task<Result<void>> {
            while (!waiting.read.apply_first()) {
                co_await waiting.answered.wait();
            }
            co_return Result<void>();
        };
        static_cast<void>(co_await world::with_deadline(world_.scheduler(),
                                                        world_.mono_now() + patience, wait(call)));
        const Group* const now = at(id, life);
        if (now == nullptr) {
            co_return not_here(id);
        }
        if (!call.read.may_answer(now->core)) {
            // Those who are asked may be no members any more, and silent for ever.
            co_return base::fail(Errc::kRetry, "the membership has changed during the read");
        }
    }
    co_return Result<void>();
}

void Host::take(world::Address from, QuorumAsk& item) {
    if (Group* group = at(item.group)) {
        send(from, QuorumAnswer{.group = item.group,
                                .from = group->replica,
                                .number = item.number,
                                .answer = raft::answer_quorum_read(group->core)});
        touch(*group);  // So that the pass sends it.
    }
}

void Host::take(world::Address, QuorumAnswer& item) {
    const auto found = quorum_calls_.find(item.number);
    if (found != quorum_calls_.end()) {
        found->second->read.take(item.from, item.answer);
        found->second->answered.wake_all();
    }
}

// The replica goes; nothing more will be heard of what it was asked.
void Host::abandon(Group& group, const std::string& why) {
    std::vector<Settled> settled;
    group.pending.abandon(why, settled);
    settle_all(settled);
    for (const auto& [ticket, calls] : group.tickets) {
        for (const CallNumber call : calls) {
            settle(call, base::fail(Errc::kUnknown, why));
        }
    }
    for (const auto& [ticket, call] : group.transfers) {
        settle(call, base::fail(Errc::kUnknown, why));
    }
    for (const Proposal& proposal : group.proposals) {
        settle(proposal.call, base::fail(Errc::kRetry, why));
    }
    for (const CallNumber call : group.reads_told) {
        settle(call, base::fail(Errc::kRetry, why));
    }
    for (const CallNumber call : group.reads.abandon()) {
        settle(call, base::fail(Errc::kRetry, why));
    }
}

}  // namespace distkv::shard
