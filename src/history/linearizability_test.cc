#include "history/linearizability.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "base/rng.h"

namespace distkv::history {
namespace {

using Answer = Verdict::Answer;

// "client key kind args called returned", see testdata/linearizability.txt.
Op parse(const std::string& line) {
    std::istringstream in(line);
    Op op;
    std::string kind;
    const auto value = [&]() -> Value {
        std::string word;
        in >> word;
        return word == "-" ? Value() : Value(std::stoull(word));
    };
    in >> op.client >> kind;
    if (kind == "read") {
        op.read = value();
    } else if (kind == "write") {
        op.kind = OpKind::kWrite;
        op.to = value();
    } else {
        op.kind = OpKind::kCompareAndSet;
        op.swapped = kind == "cas";
        op.from = value();
        op.to = value();
    }
    std::string returned;
    in >> op.called >> returned;
    if (returned != "?") {
        op.returned = std::stoll(returned);
    }
    return op;
}

TEST(Linearizability, KnownHistories) {
    std::ifstream file(DISTKV_TESTDATA "/linearizability.txt");
    ASSERT_TRUE(file.is_open());
    std::vector<Op> history;
    std::string title;
    int judged = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#")) {
            title = line;
        } else if (line == "good" || line == "bad") {
            const Verdict verdict = check_linearizable(history);
            EXPECT_EQ(verdict.answer, line == "good" ? Answer::kLinearizable : Answer::kViolated)
                << title << ' ' << verdict.why;
            history.clear();
            ++judged;
        } else if (!line.empty()) {
            history.push_back(parse(line));
        }
    }
    EXPECT_TRUE(history.empty()) << "a history without a verdict";
    EXPECT_GE(judged, 16);
}

TEST(Linearizability, SaysWhereEveryOrderBreaks) {
    std::vector<Op> history;
    history.push_back(parse("1 write 5 0 10"));
    history.push_back(parse("2 read - 20 30"));
    const Verdict verdict = check_linearizable(history);
    EXPECT_EQ(verdict.why,
              "no order of the operations of key 0 explains: client 2 key 0 read nothing [20, 30]");
}

TEST(Linearizability, KeysAreJudgedAlone) {
    std::vector<Op> history{parse("1 write 5 0 10"), parse("2 read - 20 30")};
    history[1].key = 1;
    EXPECT_EQ(check_linearizable(history).answer, Answer::kLinearizable);
}

// A history that a real register gave, with calls and returns around the moments at which it did.
std::vector<Op> random_history(base::Rng& rng, std::size_t count, std::uint64_t values) {
    std::vector<Op> history;
    Value state;
    for (std::size_t i = 0; i < count; ++i) {
        const auto moment = static_cast<std::int64_t>(10 * i);
        Op op{.client = i};
        op.called = moment - rng.between(0, 35);
        op.returned = moment + rng.between(0, 35);
        const Value to = rng.chance(100'000) ? Value() : Value(rng.below(values));
        const Value from = rng.chance(200'000) ? Value() : Value(rng.below(values));
        switch (rng.below(3)) {
            case 0:
                op.read = state;
                break;
            case 1:
                op.kind = OpKind::kWrite;
                op.to = to;
                state = to;
                break;
            default:
                op.kind = OpKind::kCompareAndSet;
                op.from = from;
                op.to = to;
                op.swapped = state == from;
                state = op.swapped ? to : state;
        }
        if (op.kind != OpKind::kRead && rng.chance(100'000)) {
            op.returned.reset();
        }
        history.push_back(op);
    }
    for (std::size_t i = history.size(); i > 1; --i) {  // Their order in the list means nothing.
        std::swap(history[i - 1], history[rng.below(i)]);
    }
    return history;
}

TEST(Linearizability, WhatARegisterGaveIsAccepted) {
    base::Rng rng(1);
    for (int i = 0; i < 300; ++i) {
        const auto history = random_history(rng, 200, 1 + rng.below(5));
        const Verdict verdict = check_linearizable(history);
        ASSERT_EQ(verdict.answer, Answer::kLinearizable) << verdict.why;
    }
}

// Every order, every choice of which unknown operations took place: for a few operations only.
bool some_order_explains(const std::vector<Op>& ops) {
    std::vector<std::size_t> order(ops.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::uint64_t left_out = 0; left_out < (1U << ops.size()); ++left_out) {
        const auto is_out = [&](std::size_t i) { return ((left_out >> i) & 1U) != 0; };
        bool allowed = true;
        for (std::size_t i = 0; i < ops.size(); ++i) {
            allowed = allowed && (!is_out(i) || !ops[i].returned);
        }
        if (!allowed) {
            continue;
        }
        do {
            Value state;
            bool fits = true;
            for (std::size_t a = 0; a < order.size() && fits; ++a) {
                const Op& op = ops[order[a]];
                if (is_out(order[a])) {
                    continue;
                }
                for (std::size_t b = a + 1; b < order.size(); ++b) {
                    const Op& later = ops[order[b]];
                    fits = fits &&
                           (is_out(order[b]) || !later.returned || *later.returned >= op.called);
                }
                const bool swaps = state == op.from;
                if (op.kind == OpKind::kRead) {
                    fits = fits && (!op.returned || op.read == state);
                } else if (op.kind == OpKind::kWrite) {
                    state = op.to;
                } else {
                    fits = fits && (!op.returned || op.swapped == swaps);
                    state = swaps ? op.to : state;
                }
            }
            if (fits) {
                return true;
            }
        } while (std::ranges::next_permutation(order).found);
    }
    return false;
}

int disagreements(int histories) {
    base::Rng rng(2);
    int different = 0;
    int violated = 0;
    for (int i = 0; i < histories; ++i) {
        std::vector<Op> ops = random_history(rng, 1 + rng.below(6), 2);
        for (Op& op : ops) {  // Perhaps no longer what a register gives.
            if (rng.chance(300'000)) {
                op.kind == OpKind::kRead ? op.read = Value(rng.below(2))
                                         : op.to = Value(rng.below(2));
            }
        }
        const bool good = check_linearizable(ops).answer == Answer::kLinearizable;
        different += good != some_order_explains(ops) ? 1 : 0;
        violated += good ? 0 : 1;
    }
    EXPECT_GT(violated, histories / 20);
    EXPECT_LT(violated, histories / 2);
    return different;
}

TEST(Linearizability, AgreesWithTryingEverything) {
    EXPECT_EQ(disagreements(4000), 0);
}

TEST(Linearizability, AHistoryBeyondTheBudgetIsUndecided) {
    base::Rng rng(3);
    EXPECT_EQ(check_linearizable(random_history(rng, 100, 3), {.steps_max = 10}).answer,
              Answer::kUndecided);
}

#if DISTKV_MUTANTS
TEST(LinearizabilityMutants, AnOrderAgainstRealTimeIsNoticed) {
    const base::PlantedBug bug("history_ignores_real_time");
    EXPECT_GT(disagreements(4000), 0);
}
#endif

}  // namespace
}  // namespace distkv::history
