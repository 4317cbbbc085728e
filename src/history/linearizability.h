// Could one copy, asked one question at a time, have answered what the clients saw? A history is
// linearizable when each operation can be given one moment between its call and its return so that
// the answers are those of a plain register. Registers do not influence each other, so each key is
// judged alone.
//
// An operation whose outcome is unknown may have happened at any moment after its call, or never.
// One that failed never happened and is not in the history at all.
//
// The search (Wing and Gong, with Lowe's cache of configurations) places operations one by one and
// goes back where it was wrong. It is exponential at worst, so it has a budget; a history that
// exhausts it is undecided, which is no proof of anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace distkv::history {

// The value of a register; nothing: it was never written, or deleted.
using Value = std::optional<std::uint64_t>;

enum class OpKind : std::uint8_t {
    kRead,
    kWrite,          // Of `to`; nothing deletes.
    kCompareAndSet,  // To `to` if it is `from`.
};

struct Op {
    std::uint64_t client = 0;
    std::uint64_t key = 0;
    OpKind kind = OpKind::kRead;
    Value from{};
    Value to{};

    std::int64_t called = 0;
    std::optional<std::int64_t> returned;  // Nothing: unknown. Not before `called`.

    Value read{};         // What a read answered,
    bool swapped = true;  // and whether a compare-and-set did.
};

std::string to_string(const Op& op);

struct Verdict {
    enum class Answer : std::uint8_t { kLinearizable, kViolated, kUndecided };
    Answer answer = Answer::kLinearizable;

    // Of a violation: the key, and the operation at which every order breaks that gets furthest.
    std::uint64_t key = 0;
    std::string why;
};

struct Budget {
    std::uint64_t steps_max = 10'000'000;  // A key.
};

Verdict check_linearizable(const std::vector<Op>& history, Budget budget = {});

}  // namespace distkv::history
