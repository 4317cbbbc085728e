#include <algorithm>

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "raft/chaos_test.h"

namespace distkv::raft {

void Chaos::violated(std::string what) {
    if (!violation_) {
        violation_ = "seed " + std::to_string(plan_.seed) + ", step " + std::to_string(at_step_) +
                     (calm_ ? " of the calm: " : ": ") + std::move(what);
    }
}

void Chaos::judge(ReplicaId id) {
    ChaosReplica& replica = replicas_.at(id);
    const Core& core = *replica.core;
    if (core.term() < replica.term_seen) {
        violated("the term of replica " + to_string(id) + " went back");
    }
    if (core.commit() < replica.commit_seen) {
        violated("the commit index of replica " + to_string(id) + " went back");
    }
    const Position durable{core.durable_last(),
                           core.log().term_at(core.durable_last()).value_or(0)};
    if (durable.index > core.log().cut().index && !replica.disk.holds(durable)) {
        violated("replica " + to_string(id) + " believes that entry " +
                 std::to_string(durable.index) + " is durable, and its disk does not have it");
    }
    replica.disk.owed = core.is_repairing() ? replica.disk.owed : 0;
    replica.term_seen = core.term();
    replica.commit_seen = core.commit();
    judge_commit(id, core);
    if (core.role() == Role::kLeader) {
        judge_leader(id, core);
    }
}

void Chaos::judge_leader(ReplicaId id, const Core& core) {
    const auto [leader, is_new] = leaders_.try_emplace(core.term(), id);
    if (leader->second != id) {
        violated("election safety: replicas " + to_string(id) + " and " +
                 to_string(leader->second) + " both lead in term " + std::to_string(core.term()));
    }
    if (is_new) {
        for (std::uint64_t index = core.log().first_index(); index <= agreed_.size(); ++index) {
            const Position at = agreed_[index - 1];
            // A leader of an earlier term may come late, and will never commit anything.
            if (agreed_in_[index - 1] < core.term() && !core.log().holds(at)) {
                violated("leader completeness: replica " + to_string(id) + " leads in term " +
                         std::to_string(core.term()) + " without entry " + std::to_string(index));
                return;
            }
        }
    }
    // It may have read as high as its ceiling; nobody after it may stamp there.
    time::Hlc& used = ceiling_used_[core.term()];
    used = std::max(used, core.ceiling());
    floors_[core.term()] = core.stamp_floor();
    time::Hlc highest{};
    for (const auto& [term, ceiling] : ceiling_used_) {
        const auto floor = floors_.find(term);
        if (floor != floors_.end() && floor->second < highest) {
            violated("the leader of term " + std::to_string(term) +
                     " may stamp where an earlier one has read");
        }
        highest = std::max(highest, ceiling);
    }
}

// State-machine safety, and: what is committed is durable in a quorum.
void Chaos::judge_commit(ReplicaId id, const Core& core) {
    while (agreed_.size() < core.commit()) {
        const std::uint64_t index = agreed_.size() + 1;
        const auto term = core.log().term_at(index);
        if (!term) {
            violated("replica " + to_string(id) + " commits what it does not have");
            return;
        }
        agreed_.push_back({index, *term});
        agreed_in_.push_back(core.term());
    }
    for (std::uint64_t index = std::max(core.log().first_index(), known_commit_);
         index >= 1 && index <= core.commit(); ++index) {
        if (core.log().term_at(index) != agreed_[index - 1].term &&
            index > core.log().cut().index) {
            violated("state-machine safety: replica " + to_string(id) + " commits another entry " +
                     std::to_string(index));
            return;
        }
    }
    if (core.commit() > known_commit_) {
        known_commit_ = core.commit();
        const Position at = agreed_[known_commit_ - 1];
        const Membership& members = core.membership();
        const bool durable = members.is_quorum([&](ReplicaId member) {
            const auto found = replicas_.find(member);
            return found != replicas_.end() && found->second.disk.holds(at);
        });
        // (A follower may hear of a commit under a membership that it does not have yet.)
        if (core.role() == Role::kLeader && !durable) {
            violated("replica " + to_string(id) + " commits entry " + std::to_string(at.index) +
                     ", which is not durable in a quorum");
        }
    }
}

void Chaos::judge_applied(const Entry& entry) {
    if (entry.index > agreed_.size() || agreed_[entry.index - 1] != entry.position()) {
        violated("entry " + std::to_string(entry.index) + " of term " + std::to_string(entry.term) +
                 " is applied and is not what was committed there");
    }
}

void Chaos::judge_read(ReplicaId id, const ReadReady& read) {
    const auto found = reads_.find(read.ticket);
    if (found == reads_.end()) {
        violated("a read is answered twice");
        return;
    }
    if (read.index) {
        ++reads_done_;
        if (*read.index < found->second.at_least) {
            violated("replica " + to_string(id) + " may read at " + std::to_string(*read.index) +
                     ", but " + std::to_string(found->second.at_least) +
                     " was committed before it was asked");
        }
    }
    reads_.erase(found);
}

// A change has made a damaged replica necessary for every decision: only an operator can help.
bool Chaos::lost_its_quorum() const {
    const auto newest = std::ranges::max_element(
        replicas_, {}, [](const auto& replica) { return replica.second.core->membership_index(); });
    return !newest->second.core->membership().is_quorum([this](ReplicaId id) {
        const auto found = replicas_.find(id);
        return found != replicas_.end() && !found->second.core->is_repairing();
    });
}

std::optional<std::string> Chaos::what_is_missing() {
    std::optional<ReplicaId> newest;
    for (const auto& [id, replica] : replicas_) {
        if (replica.core->role() == Role::kLeader &&
            (!newest || replica.core->term() > replicas_.at(*newest).core->term())) {
            newest = id;
        }
    }
    if (!newest && !lost_its_quorum()) {
        return "nobody leads";
    }
    if (!newest) {
        return std::nullopt;
    }
    const Core& core = *replicas_.at(*newest).core;
    if (core.commit() != core.log().last_index()) {
        return "the leader's log does not get committed";
    }
    for (const ReplicaId id : core.membership().everyone()) {
        const ChaosReplica& replica = replicas_.at(id);
        if (replica.applied != core.commit()) {
            return "replica " + to_string(id) + " has applied " + std::to_string(replica.applied) +
                   " of " + std::to_string(core.commit());
        }
    }
    return std::nullopt;
}

namespace {

// More, or others, when somebody looks for trouble: DISTKV_CHAOS_SEEDS=100000.
std::uint64_t asked_for(const char* name, std::uint64_t otherwise) {
    const char* wanted = std::getenv(name);
    return wanted == nullptr ? otherwise : std::strtoull(wanted, nullptr, 10);
}

TEST(Chaos, AGroupKeepsItsPromises) {
    std::uint64_t committed = 0;
    std::uint64_t leaders = 0;
    std::uint64_t reads = 0;
    std::uint64_t changes = 0;
    const std::uint64_t first = asked_for("DISTKV_CHAOS_FIRST", 1);
    const std::uint64_t seeds = asked_for("DISTKV_CHAOS_SEEDS", 1000);
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        Chaos chaos({.seed = seed});
        const std::optional<std::string> violation = chaos.run();
        EXPECT_FALSE(violation.has_value()) << *violation;
        committed += chaos.committed();
        leaders += chaos.leaders();
        reads += chaos.reads();
        changes += chaos.changes();
    }
    std::cout << committed << " committed, " << leaders << " leaders, " << reads << " reads, "
              << changes << " changes\n";
    EXPECT_GT(committed, 20 * seeds);
    EXPECT_GT(leaders, seeds);
    EXPECT_GT(reads, 4 * seeds);
    EXPECT_GT(changes, seeds);
}

#if DISTKV_MUTANTS

std::optional<std::string> first_violation(std::uint64_t seeds) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        if (auto violation = Chaos({.seed = seed}).run()) {
            return violation;
        }
    }
    return std::nullopt;
}

class ChaosMutants : public testing::TestWithParam<const char*> {};

TEST_P(ChaosMutants, IsCaught) {
    const base::PlantedBug bug(GetParam());
    const std::optional<std::string> violation = first_violation(2000);
    ASSERT_TRUE(violation.has_value());
    RecordProperty("caught", *violation);
    std::cout << GetParam() << ": " << *violation << '\n';
}

INSTANTIATE_TEST_SUITE_P(Core, ChaosMutants,
                         testing::Values("raft_commits_prior_term_by_counting",
                                         "raft_acks_unverified_suffix", "raft_vote_not_persisted",
                                         "raft_read_id_reused", "raft_durable_by_index_only",
                                         "raft_acks_before_sync", "raft_membership_without_rule",
                                         "raft_new_leader_ignores_ceiling",
                                         "raft_replay_regresses_membership"),
                         [](const auto& info) { return std::string(info.param); });

#endif

}  // namespace

}  // namespace distkv::raft
