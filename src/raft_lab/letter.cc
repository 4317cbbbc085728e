#include "raft_lab/letter.h"

#include <algorithm>

#include "raft_lab/words.h"

namespace distkv::raft_lab {

namespace {

using raft::Message;
using raft::MessageKind;

std::string one_word(std::string_view name) {
    std::string word(name);
    std::ranges::replace(word, ' ', '-');
    return word;
}

std::vector<std::string> kinds() {
    std::vector<std::string> names;
    for (std::uint8_t kind = 1; kind <= raft::kMessageKindMax; ++kind) {
        names.push_back(one_word(raft::name_of(static_cast<MessageKind>(kind))));
    }
    names.insert(names.end(), {"snapshot", "quorum-ask", "quorum-say"});
    return names;
}

std::string number(std::string_view name, std::uint64_t value) {
    return value == 0 ? "" : " " + std::string(name) + " " + std::to_string(value);
}

std::string question(const Message& m) {
    return " for term " + std::to_string(m.term) + ", log ends at " + text_of(m.at) +
           (m.forced ? ", asked to by the leader" : "");
}

std::string vote_answer(const Message& m) {
    return (m.rejected ? " no, term " : " yes, term ") + std::to_string(m.term) +
           number("ceiling", m.ceiling.word);
}

std::string append(const Message& m) {
    const std::string entries = m.entries.empty() ? "" : " +" + std::to_string(m.entries.size());
    return " " + text_of(m.at) + entries + number("commit", m.commit);
}

std::string append_answer(const Message& m) {
    const std::string forgot = m.forgot ? ", forgot" : "";
    if (!m.rejected) {
        return " up to " + std::to_string(m.at.index);
    }
    if (m.at.index == 0) {
        return " no, term " + std::to_string(m.term);
    }
    return " no, not " + text_of(m.at) + ", perhaps " + text_of(m.hint) + forgot;
}

// One that wants no answer only tells the commit index.
std::string heartbeat(const Message& m) {
    const bool asks = m.sent_at != time::MonoTime{};
    return number("commit", m.commit) + number("round", m.read_id) +
           number("ceiling", m.ceiling.word) + (asks ? "" : " (no answer)");
}

std::string heartbeat_answer(const Message& m) {
    const bool all_durable = m.hint.index == m.at.index;
    return " matches " + std::to_string(m.at.index) +
           (all_durable ? "" : " (durable up to " + std::to_string(m.hint.index) + ")") +
           number("round", m.read_id) + number("ceiling", m.ceiling.word) +
           (m.forgot ? ", forgot" : "");
}

std::string details(const Message& m) {
    switch (m.kind) {
        case MessageKind::kPreVote:
        case MessageKind::kVote:
            return question(m);
        case MessageKind::kPreVoteAnswer:
        case MessageKind::kVoteAnswer:
            return vote_answer(m);
        case MessageKind::kAppend:
            return append(m);
        case MessageKind::kAppendAnswer:
            return append_answer(m);
        case MessageKind::kHeartbeat:
            return heartbeat(m);
        case MessageKind::kHeartbeatAnswer:
            return heartbeat_answer(m);
        case MessageKind::kReadIndex:
            return m.forced ? " without a lease" : "";
        case MessageKind::kReadIndexAnswer:
            return m.rejected ? " no" : " at " + std::to_string(m.at.index);
        case MessageKind::kTransfer:
        case MessageKind::kSleep:
        case MessageKind::kWake:
            return " term " + std::to_string(m.term);
    }
    return "";
}

std::string details(const Snapshot& snapshot) {
    return " " + text_of(snapshot.meta.at) + ", " + to_string(snapshot.meta.membership);
}

std::string details(const QuorumAsk& ask) {
    return " for read " + std::to_string(ask.ticket);
}

std::string details(const QuorumSay& say) {
    return " for read " + std::to_string(say.ticket) + ", durable up to " +
           std::to_string(say.answer.durable_last) + (say.answer.repairing ? ", forgot" : "");
}

struct KindOf {
    std::string operator()(const Message& m) const { return one_word(raft::name_of(m.kind)); }
    std::string operator()(const Snapshot&) const { return "snapshot"; }
    std::string operator()(const QuorumAsk&) const { return "quorum-ask"; }
    std::string operator()(const QuorumSay&) const { return "quorum-say"; }
};

}  // namespace

std::string kind_of(const Letter& letter) {
    return std::visit(KindOf{}, letter.what);
}

bool is_kind(std::string_view word) {
    const std::vector<std::string> all = kinds();
    return std::ranges::find(all, word) != all.end();
}

std::string all_kinds() {
    std::string all;
    for (const std::string& kind : kinds()) {
        all += (all.empty() ? "" : ", ") + kind;
    }
    return all;
}

std::string text_of(raft::Position at) {
    return std::to_string(at.index) + "/" + std::to_string(at.term);
}

std::string text_of(const Letter& letter) {
    return kind_of(letter) +
           std::visit([](const auto& what) { return details(what); }, letter.what);
}

std::string text_of(const raft::Entry& entry) {
    switch (entry.kind) {
        case raft::EntryKind::kNoop:
            return "(no-op)";
        case raft::EntryKind::kMembership: {
            const auto membership = raft::Membership::decode(entry.body.view());
            return membership ? to_string(*membership) : "(unreadable membership)";
        }
        case raft::EntryKind::kNormal:
            return printable(entry.body.view());
    }
    return "";
}

std::string text_of(const raft::Persist& persist) {
    std::string text;
    const auto add = [&text](const std::string& part) {
        text += (text.empty() ? "" : ", ") + part;
    };
    if (persist.hard_state) {
        add("term " + std::to_string(persist.hard_state->term));
        if (persist.hard_state->vote != raft::kNobody) {
            add("vote for " + name_of(persist.hard_state->vote));
        }
        if (persist.hard_state->commit != 0) {
            add("commit " + std::to_string(persist.hard_state->commit));
        }
        if (persist.hard_state->ceiling != time::Hlc{}) {
            add("ceiling " + std::to_string(persist.hard_state->ceiling.word));
        }
    }
    if (persist.snapshot) {
        add("snapshot " + text_of(persist.snapshot->at));
    }
    if (!persist.entries.empty()) {
        add("entries " + text_of(persist.entries.front().position()) + " to " +
            text_of(persist.entries.back().position()));
    }
    return text;
}

}  // namespace distkv::raft_lab
