#include "raft/status.h"

#include "base/check.h"

namespace distkv::raft {

namespace {

template <class Items, class Number>
void append_list(std::string& out, std::string_view name, const Items& items, Number number) {
    out += ",\"";
    out += name;
    out += "\":[";
    bool first = true;
    for (const auto& item : items) {
        out += first ? "" : ",";
        out += std::to_string(number(item));
        first = false;
    }
    out += ']';
}

void append_number(std::string& out, std::string_view name, std::uint64_t value) {
    out += ",\"";
    out += name;
    out += "\":" + std::to_string(value);
}

}  // namespace

std::string_view name_of(Role role) {
    switch (role) {
        case Role::kFollower:
            return "follower";
        case Role::kPreCandidate:
            return "precandidate";
        case Role::kCandidate:
            return "candidate";
        case Role::kLeader:
            return "leader";
    }
    CHECK(false);
}

std::string_view role_name(const Status& status) {
    const bool listens = status.learner && status.role == Role::kFollower;
    return listens ? "learner" : name_of(status.role);
}

std::string to_json(const Status& status) {
    const auto id_of = [](const Member& member) { return member.id.value; };
    std::string out = "{\"id\":" + to_string(status.id) + ",\"role\":\"";
    out += role_name(status);
    out += '"';
    append_number(out, "term", status.term);
    append_number(out, "vote", status.vote.value);
    append_number(out, "leader", status.leader.value);
    append_number(out, "commit", status.commit);
    append_number(out, "first", status.first);
    append_number(out, "last", status.last);
    append_list(out, "terms", status.terms, [](std::uint64_t term) { return term; });
    append_list(out, "voters", status.membership.voters, id_of);
    if (status.membership.is_joint()) {
        append_list(out, "outgoing", status.membership.outgoing, id_of);
    }
    append_list(out, "learners", status.membership.learners, id_of);
    return out + '}';
}

}  // namespace distkv::raft
