// Clients: each works through the host of its own node, and remembers what it was answered.
#include <utility>

#include "scenario/raft_cluster.h"
#include "world/deadline.h"

namespace distkv::scenario {

using base::Errc;
using base::Result;
using history::Op;
using history::OpKind;
using shard::GroupId;
using shard::Host;
using shard::ReadKind;
using world::Task;
using world::World;
using namespace std::chrono_literals;

namespace {

constexpr time::Duration kPause = 60ms;  // At most, between two operations of a client.
constexpr time::Duration kPatience = 3s;

// A key is in use for so long: the search for an order of its operations must stay short.
constexpr time::Duration kKeyLives = 4s;
constexpr std::uint64_t kKeysAtATime = 2;

constexpr time::Duration kCeilingAhead = 500ms;

// A third of the time nobody asks a group for anything, so that it may sleep while others, and the
// weather, go on.
constexpr time::Duration kQuietFor = 5s;
constexpr time::Duration kQuietLook = 300ms;

bool is_quiet(sim::TrueTime now, GroupId group) {
    return (static_cast<std::uint64_t>(now.time_since_epoch() / time::Duration(kQuietFor)) +
            group.value) %
               3 ==
           0;
}

}  // namespace

Task<void> RaftCluster::client(World& world, Host& host, GroupId group) {
    for (;;) {
        co_await world.sleep_for(
            time::Duration(world.rng().between(0, std::chrono::nanoseconds(kPause).count()) *
                           static_cast<std::int64_t>(groups_)));
        const shard::Group* here = host.find(group);
        if (here == nullptr) {
            continue;
        }
        const bool leads = here->core.role() == raft::Role::kLeader;
        if (leads && world.rng().below(5) == 0) {
            host.want_ceiling(group, time::Hlc::at(world.wall_now()).ahead_by(kCeilingAhead));
        }
        if (is_quiet(now(), group)) {
            co_await world.sleep_for(kQuietLook);
            continue;
        }
        co_await operate(world, host, group, leads);
    }
}

Task<void> RaftCluster::operate(World& world, Host& host, GroupId group, bool leads) {
    const std::uint64_t epoch =
        static_cast<std::uint64_t>(now().time_since_epoch() / time::Duration(kKeyLives));
    const std::uint64_t key =
        (epoch * kKeysAtATime + world.rng().below(kKeysAtATime)) * 16 + group.value;
    Op op{.client = world.node().value, .key = key};
    const std::uint64_t what = world.rng().below(10);
    // Only a leader takes writes; some try elsewhere all the same.
    if (what < 4 && (leads || world.rng().below(20) == 0)) {
        op.kind = OpKind::kWrite;
        op.to = next_value_++;
    } else if (what < 5 && leads && host.find(group)->machine != nullptr) {
        const shard::Group* here = host.find(group);
        op.kind = OpKind::kCompareAndSet;
        op.from = static_cast<const RegisterMachine&>(*here->machine).get(key);
        op.to = next_value_++;
    } else {
        op.kind = OpKind::kRead;
    }
    op.called = now().time_since_epoch().count();
    const std::size_t place = history_.size();
    history_.push_back(op);
    in_history_.push_back(true);

    auto work = op.kind == OpKind::kRead ? read(world, host, group, op) : write(host, group, op);
    const Result<Op> done = co_await world::with_deadline(
        world.scheduler(), world.mono_now() + kPatience, std::move(work));
    const bool unknown = !done && done.error().code == Errc::kUnknown;
    ++(unknown ? operations_.unknown : operations_.definite);
    if (done) {
        history_[place] = *done;
        history_[place].returned = now().time_since_epoch().count();
        if (op.kind == OpKind::kRead) {
            ++counts_.reads;
        } else {
            last_write_[group] = now();
        }
    } else if (!unknown || op.kind == OpKind::kRead) {
        in_history_[place] = false;
    }
}

Task<Result<Op>> RaftCluster::write(Host& host, GroupId group, Op op) {
    const RegisterCommand command{.kind = op.kind, .key = op.key, .from = op.from, .to = op.to};
    const raft::Position at = CO_TRY(co_await host.propose(group, raft::Body(encode(command))));
    if (op.kind == OpKind::kCompareAndSet) {
        const shard::Group* here = host.find(group);
        const auto swapped =
            here == nullptr ? std::nullopt
                            : static_cast<const RegisterMachine&>(*here->machine).swapped(at.index);
        if (!swapped) {
            co_return base::fail(Errc::kUnknown, "nobody knows any more whether it swapped");
        }
        op.swapped = *swapped;
    }
    co_return op;
}

Task<Result<Op>> RaftCluster::read(World& world, Host& host, GroupId group, Op op) {
    constexpr ReadKind kKinds[] = {ReadKind::kLease, ReadKind::kReadIndex, ReadKind::kQuorum};
    const ReadKind kind = kKinds[world.rng().below(3)];
    const std::uint64_t index = CO_TRY(co_await host.read(group, kind));
    const shard::Group* here = host.find(group);
    if (here == nullptr || here->machine == nullptr || here->loading ||
        here->applied.at.index < index) {
        co_return base::fail(Errc::kRetry, "the replica is gone");
    }
    op.read = static_cast<const RegisterMachine&>(*here->machine).get(op.key);
    co_return op;
}

void RaftCluster::judge_history() {
    std::map<std::uint64_t, std::vector<Op>> by_key;
    for (std::size_t i = 0; i < history_.size(); ++i) {
        if (in_history_[i]) {
            by_key[history_[i].key].push_back(history_[i]);
            ++counts_.operations_judged;
        }
    }
    for (const auto& [key, ops] : by_key) {
        const history::Verdict verdict = history::check_linearizable(ops, {.steps_max = 200'000});
        if (verdict.answer == history::Verdict::Answer::kViolated) {
            violated("group " + std::to_string(key % 16) + ": not linearizable: " + verdict.why);
        }
        counts_.undecided += verdict.answer == history::Verdict::Answer::kUndecided ? 1 : 0;
    }
}

}  // namespace distkv::scenario
