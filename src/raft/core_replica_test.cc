// One replica and its owner; see core_test.h.
#include <algorithm>
#include <ranges>

#include "base/check.h"
#include "raft/core_test.h"

namespace distkv::raft {

using namespace std::chrono_literals;

Membership voters_up_to(std::uint64_t count) {
    Membership membership;
    for (std::uint64_t id = 1; id <= count; ++id) {
        membership.voters.push_back({.id = ReplicaId{id}});
    }
    return membership;
}

Options test_options(ReplicaId id) {
    Options options;
    options.id = id;
    options.timeouts.heartbeat = 50ms;
    options.timeouts.election_min = 200ms;
    options.timeouts.election_max = 400ms;
    return options;
}

Message message_to_one(MessageKind kind, ReplicaId from, std::uint64_t term) {
    Message m;
    m.kind = kind;
    m.from = from;
    m.to = kOne;
    m.term = term;
    return m;
}

Entry normal(std::uint64_t index, std::uint64_t term, base::Bytes body) {
    return {index, term, EntryKind::kNormal, Body(std::move(body))};
}

OneReplica::OneReplica(Start start, Options options)
    : core_(options, std::move(start), now_, base::Rng(1)) {
    obey();
}

void OneReplica::step(Input input) {
    core_.step(now_, std::move(input));
    obey();
}

void OneReplica::obey() {
    while (core_.has_effects()) {
        obey(core_.take_effects());
    }
}

void OneReplica::obey(Effects effects) {
    const auto keep = [](auto& all, auto& some) {
        all.insert(all.end(), some.begin(), some.end());
    };
    keep(sent, effects.send);
    keep(persists, effects.persist);
    keep(applied, effects.apply);
    keep(fetches, effects.fetch);
    keep(proposed, effects.proposed);
    keep(reads, effects.reads);
    if (!disk_waits_) {
        for (const Persist& persist : effects.persist) {
            core_.step(now_, answer_to(persist));
        }
    }
    if (!effects.apply.empty()) {
        core_.step(now_, Applied{effects.apply.back().index});
    }
}

void OneReplica::lead() {
    step(Campaign{});
    step(message_to_one(MessageKind::kPreVoteAnswer, kTwo, core_.term() + 1));
    step(message_to_one(MessageKind::kVoteAnswer, kTwo, core_.term()));
    CHECK(core_.role() == Role::kLeader);
    Message answer = message_to_one(MessageKind::kAppendAnswer, kTwo, core_.term());
    answer.at.index = core_.log().last_index();
    step(answer);
    CHECK(core_.commit() == core_.log().last_index());
}

const Message* OneReplica::said(MessageKind kind) const {
    const auto newest_first = std::views::reverse(sent);
    const auto found = std::ranges::find(newest_first, kind, &Message::kind);
    return found == newest_first.end() ? nullptr : &*found;
}

}  // namespace distkv::raft
