// Who is there: how a group begins, and how its membership changes.
#include <algorithm>
#include <array>

#include "raft_lab/lab.h"

namespace distkv::raft_lab {

using base::Result;
using raft::Member;
using raft::Membership;
using raft::ReplicaId;

namespace {

constexpr std::uint64_t kRegionsMax = kIdMax;

bool named(std::span<const std::string_view> keywords, std::string_view word) {
    return std::ranges::find(keywords, word) != keywords.end();
}

// The members that stand before the next keyword.
Result<std::vector<Member>> members(Words& words, std::span<const std::string_view> keywords) {
    std::vector<Member> members;
    while (!words.done() && !named(keywords, words.peek())) {
        members.push_back(TRY(parse_member(words.next())));
    }
    if (members.empty()) {
        return wrong("nobody is named", "one member or more, like 1 2 3w");
    }
    return members;
}

void take_in(std::vector<Member>& into, std::vector<Member> from) {
    into.insert(into.end(), from.begin(), from.end());
    std::ranges::sort(into, {}, &Member::id);
}

Result<void> check(const Membership& membership) {
    std::vector<ReplicaId> ids;
    for (const auto* list : {&membership.voters, &membership.learners}) {
        for (const Member& member : *list) {
            if (std::ranges::find(ids, member.id) != ids.end()) {
                return wrong(name_of(member.id) + " is named twice", "each member once");
            }
            ids.push_back(member.id);
        }
    }
    if (ids.size() > kCoresMax) {
        return wrong(std::to_string(ids.size()) + " members are too many",
                     "1 to " + std::to_string(kCoresMax));
    }
    if (std::ranges::all_of(membership.voters, &Member::witness)) {
        return wrong("nobody could lead this group", "a voter that is no witness");
    }
    return {};
}

struct Setting {
    std::string_view name;
    Range range;
    void (*apply)(raft::Options&, std::uint64_t);
};

constexpr std::array<Setting, 6> kSettings = {{
    {"heartbeat",
     {10, 10'000},
     [](raft::Options& options, std::uint64_t value) {
         options.timeouts.heartbeat = std::chrono::milliseconds(value);
     }},
    {"inflight",
     {1, 256},
     [](raft::Options& options, std::uint64_t value) {
         options.inflight_messages_max = static_cast<std::size_t>(value);
     }},
    {"message-bytes",
     {1, 1 << 20},
     [](raft::Options& options, std::uint64_t value) {
         options.message_bytes_max = static_cast<std::size_t>(value);
     }},
    {"cache-bytes",
     {0, 1 << 20},
     [](raft::Options& options, std::uint64_t value) {
         options.cache_bytes_max = static_cast<std::size_t>(value);
     }},
    {"apply-bytes",
     {1, 1 << 20},
     [](raft::Options& options, std::uint64_t value) {
         options.apply_bytes_max = static_cast<std::size_t>(value);
     }},
    {"uncommitted-bytes",
     {1, 1 << 20},
     [](raft::Options& options, std::uint64_t value) {
         options.uncommitted_bytes_max = static_cast<std::size_t>(value);
     }},
}};

}  // namespace

Lab::Done Lab::begin(const Membership& membership) {
    if (!replicas_.empty()) {
        return wrong("there are cores already",
                     "one line 'cores' or 'voters', and 'change' to add more,");
    }
    TRY(check(membership));
    for (const ReplicaId id : membership.everyone()) {
        start(id, membership);
    }
    return {};
}

Lab::Done Lab::cores(Words& words) {
    const std::uint64_t count = TRY(words.number("how many, 1 to 7,", {1, kCoresMax}));
    TRY(words.end());
    Membership membership;
    for (std::uint64_t id = 1; id <= count; ++id) {
        membership.voters.push_back({.id = ReplicaId{id}});
    }
    return begin(membership);
}

Lab::Done Lab::voters(Words& words) {
    constexpr std::array<std::string_view, 3> kKeywords = {"learners", "witnesses", "regions-min"};
    Membership membership;
    take_in(membership.voters, TRY(members(words, kKeywords)));
    while (!words.done()) {
        if (words.take("learners")) {
            take_in(membership.learners, TRY(members(words, kKeywords)));
        } else if (words.take("witnesses")) {
            std::vector<Member> witnesses = TRY(members(words, kKeywords));
            for (Member& member : witnesses) {
                member.witness = true;
            }
            take_in(membership.voters, std::move(witnesses));
        } else {
            words.next();
            membership.regions_min = TRY(words.number("how many regions", {0, kRegionsMax}));
        }
    }
    return begin(membership);
}

// NAME VALUE, before there are cores.
Lab::Done Lab::set(Words& words) {
    if (!replicas_.empty()) {
        return wrong("the cores have started already", "'set' above the line that starts them");
    }
    const std::string_view name = words.next();
    if (name == "leases") {
        const std::string_view value = words.next();
        if (value != "on" && value != "off") {
            return wrong(in_quotes(value) + " is no value of leases", "'on' or 'off'");
        }
        TRY(words.end());
        options_.leases = value == "on";
        return {};
    }
    if (name == "seed") {
        const std::uint64_t seed = TRY(words.number("a seed", {}));
        TRY(words.end());
        rng_ = base::Rng(seed);
        return {};
    }
    if (name == "election") {
        const std::uint64_t min = TRY(words.number("a time in ms, 10 or more,", {10, 10'000}));
        const std::uint64_t max = TRY(words.number_or(2 * min, {min, 20'000}));
        TRY(words.end());
        options_.timeouts.election_min = std::chrono::milliseconds(min);
        options_.timeouts.election_max = std::chrono::milliseconds(max);
        options_.lease_max = options_.timeouts.election_max;
        return {};
    }
    std::string known = "leases, seed, election";
    for (const Setting& setting : kSettings) {
        if (setting.name == name) {
            const std::uint64_t value = TRY(words.number("a number", setting.range));
            TRY(words.end());
            setting.apply(options_, value);
            return {};
        }
        known += ", " + std::string(setting.name);
    }
    return wrong(in_quotes(name) + " is nothing that can be set", "one of " + known);
}

// Cores that the change adds start at once, empty, when the leader has accepted it.
Lab::Done Lab::change(Words& words) {
    constexpr std::array<std::string_view, 7> kKeywords = {
        "add", "add-learner", "remove", "regions-min", "joint", "stay", "leave"};
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    raft::Change change;
    if (words.done()) {
        return wrong("the change is empty", "add, add-learner, remove, joint, stay or leave");
    }
    while (!words.done()) {
        if (words.take("add")) {
            take_in(change.add_voters, TRY(members(words, kKeywords)));
        } else if (words.take("add-learner")) {
            take_in(change.add_learners, TRY(members(words, kKeywords)));
        } else if (words.take("remove")) {
            for (const Member& member : TRY(members(words, kKeywords))) {
                change.remove.push_back(member.id);
            }
        } else if (words.take("regions-min")) {
            change.regions_min = TRY(words.number("how many regions", {0, kRegionsMax}));
        } else if (words.take("joint")) {
            change.joint = true;
        } else if (words.take("stay")) {
            change.auto_leave = false;
        } else if (words.take("leave")) {
            change.leave = true;
        } else {
            return wrong(in_quotes(words.peek()) + " is no part of a change",
                         "add, add-learner, remove, regions-min, joint, stay or leave");
        }
    }
    std::vector<Member> added = change.add_voters;
    added.insert(added.end(), change.add_learners.begin(), change.add_learners.end());
    const Membership now = replica.core->membership();
    const std::uint64_t last = replica.core->log().last_index();
    step(id, raft::ProposeChange{.ticket = next_ticket_++, .change = std::move(change)});
    const bool accepted = replica.core->log().last_index() > last;
    for (const Member& member : added) {
        if (accepted && !replicas_.contains(member.id)) {
            tell(member.id, "starts, empty");
            start(member.id, now);
        }
    }
    return {};
}

}  // namespace distkv::raft_lab
