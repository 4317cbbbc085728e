// Letters: they wait until they are delivered, copied or dropped. What is sent across a cut is
// lost; what was under way before the cut waits until it is healed.
#include <algorithm>

#include "raft_lab/lab.h"

namespace distkv::raft_lab {

using base::Result;
using raft::ReplicaId;

bool Lab::is_cut(ReplicaId from, ReplicaId to) const {
    return cut_.contains({from, to});
}

void Lab::send(ReplicaId from, ReplicaId to, Letter letter) {
    letter.from = from;
    letter.to = to;
    letter.number = next_letter_++;
    tell(name_of(from) + " -> " + name_of(to) + " " + text_of(letter) +
         (is_cut(from, to) ? " (lost)" : ""));
    if (is_cut(from, to)) {
        lose(letter);
    } else {
        net_.push_back(std::move(letter));
    }
}

// Only the sender of a snapshot finds out that it did not arrive.
void Lab::lose(const Letter& letter) {
    const auto sender = replicas_.find(letter.from);
    const auto* snapshot = std::get_if<Snapshot>(&letter.what);
    if (snapshot != nullptr && sender != replicas_.end() && sender->second.core) {
        sender->second.core->step(
            now_, raft::SnapshotSent{.to = letter.to, .at = snapshot->meta.at, .delivered = false});
    }
}

void Lab::arrive(std::uint64_t number, bool keep) {
    const auto found = std::ranges::find(net_, number, &Letter::number);
    const Letter letter = keep ? *found : std::move(*found);
    if (!keep) {
        net_.erase(found);
    }
    const auto to = replicas_.find(letter.to);
    if (to == replicas_.end() || !to->second.core) {
        tell(name_of(letter.to) + " is down: " + kind_of(letter) + " from " + name_of(letter.from) +
             " is lost");
        lose(letter);
        if (const auto from = replicas_.find(letter.from);
            from != replicas_.end() && from->second.core) {
            drain(letter.from);
        }
        return;
    }
    tell(name_of(letter.to) + " hears " + kind_of(letter) + " from " + name_of(letter.from));
    nested_ = true;
    arrive_at(letter.to, letter);
    nested_ = false;
}

void Lab::arrive_at(ReplicaId to, const Letter& letter) {
    if (const auto* message = std::get_if<raft::Message>(&letter.what)) {
        step(to, *message);
    } else if (const auto* ask = std::get_if<QuorumAsk>(&letter.what)) {
        send(to, letter.from,
             Letter{.what =
                        QuorumSay{ask->ticket, raft::answer_quorum_read(*replicas_.at(to).core)}});
    } else if (const auto* say = std::get_if<QuorumSay>(&letter.what)) {
        take_quorum_say(to, letter.from, *say);
    } else if (const auto* snapshot = std::get_if<Snapshot>(&letter.what)) {
        step(to, raft::OfferSnapshot{
                     .from = letter.from, .term = snapshot->term, .meta = snapshot->meta});
        const auto sender = replicas_.find(letter.from);
        if (sender != replicas_.end() && sender->second.core) {
            step(letter.from,
                 raft::SnapshotSent{.to = to, .at = snapshot->meta.at, .delivered = true});
        }
    }
}

// PATH [KIND] [COUNT|last]: the numbers of those that are meant, oldest first.
Result<std::vector<std::uint64_t>> Lab::choose(Words& words, bool only_open) {
    const Path path = TRY(words.path());
    std::string_view kind;
    if (is_kind(words.peek())) {
        kind = words.next();
    }
    const bool last = words.take("last");
    std::uint64_t count = UINT64_MAX;
    if (!words.done()) {
        const std::string_view word = words.next();
        const Result<std::uint64_t> number = parse_number(word, {1, kLettersMax});
        if (!number) {
            return wrong(in_quotes(word) + " says not which messages",
                         "a count, 'last', or a kind (" + all_kinds() + ")");
        }
        count = *number;
    }
    TRY(words.end());
    std::vector<std::uint64_t> chosen;
    for (const Letter& letter : net_) {
        const bool fits = path.covers(letter.from, letter.to) &&
                          (kind.empty() || kind_of(letter) == kind) &&
                          !(only_open && is_cut(letter.from, letter.to));
        if (fits && chosen.size() < count) {
            chosen.push_back(letter.number);
        }
    }
    if (last && !chosen.empty()) {
        chosen = {chosen.back()};
    }
    if (chosen.empty()) {
        tell("no such message is under way");
    }
    return chosen;
}

Lab::Done Lab::deliver(Words& words) {
    if (words.take("all")) {
        TRY(words.end());
        return deliver_all();
    }
    for (const std::uint64_t number : TRY(choose(words, true))) {
        arrive(number, false);
    }
    return {};
}

Lab::Done Lab::copy(Words& words) {
    for (const std::uint64_t number : TRY(choose(words, true))) {
        arrive(number, true);
    }
    return {};
}

// Until nothing is under way that could arrive.
Lab::Done Lab::deliver_all() {
    for (std::size_t n = 0; n < kDeliveriesMax; ++n) {
        const auto next = std::ranges::find_if(
            net_, [this](const Letter& letter) { return !is_cut(letter.from, letter.to); });
        if (next == net_.end()) {
            return {};
        }
        arrive(next->number, false);
    }
    return wrong("messages still come after " + std::to_string(kDeliveriesMax) + " deliveries",
                 "to deliver fewer");
}

std::optional<std::uint64_t> Lab::next_of_election() const {
    for (const Letter& letter : net_) {
        const auto* message = std::get_if<raft::Message>(&letter.what);
        const bool is_of_election =
            message != nullptr && (message->kind == raft::MessageKind::kPreVote ||
                                   message->kind == raft::MessageKind::kPreVoteAnswer ||
                                   message->kind == raft::MessageKind::kVote ||
                                   message->kind == raft::MessageKind::kVoteAnswer);
        if (is_of_election && !is_cut(letter.from, letter.to)) {
            return letter.number;
        }
    }
    return std::nullopt;
}

Lab::Done Lab::drop(Words& words) {
    std::vector<std::uint64_t> numbers;
    if (words.take("all")) {
        TRY(words.end());
        for (const Letter& letter : net_) {
            numbers.push_back(letter.number);
        }
    } else {
        numbers = TRY(choose(words, false));
    }
    for (const std::uint64_t number : numbers) {
        const auto found = std::ranges::find(net_, number, &Letter::number);
        const Letter letter = std::move(*found);
        net_.erase(found);
        lose(letter);
        if (const auto from = replicas_.find(letter.from);
            from != replicas_.end() && from->second.core) {
            drain(letter.from);
        }
    }
    return {};
}

// Whoever is not named is on one more side, together.
Lab::Done Lab::partition(Words& words) {
    std::map<ReplicaId, std::size_t> side;
    std::size_t sides = 1;
    while (!words.done()) {
        if (words.take("|")) {
            ++sides;
            continue;
        }
        const ReplicaId id = TRY(words.id());
        static_cast<void>(TRY(known(id)));
        if (!side.emplace(id, sides).second) {
            return wrong(name_of(id) + " is named twice", "each core on one side");
        }
    }
    if (side.empty()) {
        return wrong("the partition names nobody", "'partition 1 | 2 3'");
    }
    cut_.clear();
    for (const auto& [from, a] : replicas_) {
        for (const auto& [to, b] : replicas_) {
            if (side[from] != side[to]) {
                cut_.insert({from, to});
            }
        }
    }
    return {};
}

// One way only, and beside what is cut already.
Lab::Done Lab::cut(Words& words) {
    const Path path = TRY(words.path());
    TRY(words.end());
    for (const auto& [from, a] : replicas_) {
        for (const auto& [to, b] : replicas_) {
            if (from != to && path.covers(from, to)) {
                cut_.insert({from, to});
            }
        }
    }
    return {};
}

Lab::Done Lab::heal(Words& words) {
    TRY(words.end());
    cut_.clear();
    return {};
}

Lab::Done Lab::mail(Words& words) {
    TRY(words.end());
    for (const Letter& letter : net_) {
        tell("under way: " + name_of(letter.from) + " -> " + name_of(letter.to) + " " +
             text_of(letter));
    }
    return {};
}

}  // namespace distkv::raft_lab
