#include "history/linearizability.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::history {
namespace {

std::string text_of(const Value& value) {
    return value ? std::to_string(*value) : "nothing";
}

struct Step {
    bool explains = false;  // The register would have answered so.
    Value after{};
};

Step step(const Op& op, const Value& state) {
    switch (op.kind) {
        case OpKind::kRead:
            return {!op.returned || op.read == state, state};
        case OpKind::kWrite:
            return {true, op.to};
        case OpKind::kCompareAndSet: {
            const bool swaps = state == op.from;
            return {!op.returned || swaps == op.swapped, swaps ? op.to : state};
        }
    }
    CHECK(false, "no such operation");
}

// One key's operations in the order of their calls, and the search over them. A configuration is
// which of them have been placed, and the register's value.
class Search {
public:
    Search(std::vector<const Op*> ops, Budget budget) : ops_(std::move(ops)), budget_(budget) {
        // Those called at one moment stay as they stand in the history.
        std::ranges::sort(ops_, [](const Op* a, const Op* b) {
            return a->called != b->called ? a->called < b->called : a < b;
        });
        placed_.resize(ops_.size());
        for (const Op* op : ops_) {
            left_ += op->returned ? 1 : 0;
        }
    }

    Verdict::Answer run() {
        std::vector<Frame> path{{.next = 0, .op = 0, .before = {}}};
        Value state;
        while (left_ > 0) {
            if (++steps_ > budget_.steps_max) {
                return Verdict::Answer::kUndecided;
            }
            Frame& frame = path.back();
            const auto choice = choose(frame.next, state);
            if (choice) {
                frame.next = choice->op + 1;
                path.push_back({.next = 0, .op = choice->op, .before = state});
                place(choice->op);
                state = choice->state;
                continue;
            }
            if (path.size() == 1) {
                return Verdict::Answer::kViolated;
            }
            unplace(frame.op);
            state = frame.before;
            path.pop_back();
        }
        return Verdict::Answer::kLinearizable;
    }

    // The first operation that the furthest order could not place.
    [[nodiscard]] const Op& stuck_at() const { return *ops_[stuck_at_]; }

private:
    struct Frame {
        std::size_t next;  // The first operation that was not tried here.
        std::size_t op;    // The one placed to come here,
        Value before;      // and the value before it.
    };
    struct Choice {
        std::size_t op;
        Value state;
    };

    // An operation may come next if none that is left returned before it was called.
    std::optional<Choice> choose(std::size_t from, const Value& state) {
        std::int64_t earliest_return = INT64_MAX;
        std::size_t earliest = 0;
        for (std::size_t i = first_left_; i < ops_.size(); ++i) {
            const Op& op = *ops_[i];
            if (!MUTANT(history_ignores_real_time) && op.called > earliest_return) {
                break;  // Nor may any later one.
            }
            if (placed_[i]) {
                continue;
            }
            if (i >= from) {
                if (const Step next = step(op, state); next.explains && is_new(i, next.after)) {
                    return Choice{i, next.after};
                }
            }
            if (op.returned && *op.returned < earliest_return) {
                earliest_return = *op.returned;
                earliest = i;
            }
        }
        if (count_ >= furthest_) {
            furthest_ = count_;
            stuck_at_ = earliest;
        }
        return std::nullopt;
    }

    // Whether nobody has been where placing this one would lead.
    bool is_new(std::size_t op, const Value& state) {
        placed_[op] = true;
        const bool fresh = seen_.emplace(placed_, state).second;
        placed_[op] = false;
        return fresh;
    }

    void place(std::size_t op) {
        placed_[op] = true;
        ++count_;
        left_ -= ops_[op]->returned ? 1 : 0;
        while (first_left_ < ops_.size() && placed_[first_left_]) {
            ++first_left_;
        }
    }
    void unplace(std::size_t op) {
        placed_[op] = false;
        --count_;
        left_ += ops_[op]->returned ? 1 : 0;
        first_left_ = std::min(first_left_, op);
    }

    std::vector<const Op*> ops_;
    Budget budget_;
    std::vector<bool> placed_;
    std::set<std::pair<std::vector<bool>, Value>> seen_;
    std::size_t first_left_ = 0;
    std::size_t count_ = 0;
    std::size_t left_ = 0;  // That returned; the others need no place.
    std::size_t furthest_ = 0;
    std::size_t stuck_at_ = 0;
    std::uint64_t steps_ = 0;
};

}  // namespace

std::string to_string(const Op& op) {
    std::string text = "client " + std::to_string(op.client) + " key " + std::to_string(op.key);
    switch (op.kind) {
        case OpKind::kRead:
            text += " read " + (op.returned ? text_of(op.read) : "?");
            break;
        case OpKind::kWrite:
            text += " wrote " + text_of(op.to);
            break;
        case OpKind::kCompareAndSet:
            text += (op.swapped ? " set " : " did not set ") + text_of(op.to) + " if " +
                    text_of(op.from);
            break;
    }
    return text + " [" + std::to_string(op.called) + ", " +
           (op.returned ? std::to_string(*op.returned) : "unknown") + "]";
}

Verdict check_linearizable(const std::vector<Op>& history, Budget budget) {
    std::map<std::uint64_t, std::vector<const Op*>> keys;
    for (const Op& op : history) {
        CHECK(!op.returned || *op.returned >= op.called);
        if (op.kind != OpKind::kRead || op.returned) {  // A read that nobody heard says nothing.
            keys[op.key].push_back(&op);
        }
    }
    Verdict undecided;
    for (auto& [key, ops] : keys) {
        Search search(std::move(ops), budget);
        const Verdict::Answer answer = search.run();
        if (answer == Verdict::Answer::kViolated) {
            return {answer, key,
                    "no order of the operations of key " + std::to_string(key) +
                        " explains: " + to_string(search.stuck_at())};
        }
        if (answer == Verdict::Answer::kUndecided) {
            undecided = {answer, key,
                         "the search for key " + std::to_string(key) + " was given up"};
        }
    }
    return undecided;
}

}  // namespace distkv::history
