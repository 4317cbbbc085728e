#include "shard/pending.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::shard {

using base::Errc;

void PendingProposals::add(raft::Position at, CallNumber call) {
    // Nearly always at the end: only a leader that was deposed and came back may write lower.
    const auto place = std::ranges::upper_bound(waiting_, at.index, {},
                                                [](const Waiting& w) { return w.at.index; });
    waiting_.insert(place, {at, call});
}

void PendingProposals::applied(raft::Position at, std::vector<Settled>& settled) {
    while (!waiting_.empty() && waiting_.front().at.index <= at.index) {
        const Waiting first = waiting_.front();
        waiting_.pop_front();
        if (first.at == at) {
            settled.push_back({first.call, at});
            continue;
        }
        CHECK(first.at.term <= at.term);
        settled.push_back(
            {first.call,
             base::fail(Errc::kRetry, "another leader's entry took the place of this one")});
    }
    // A log that holds an entry of an earlier term behind this place cannot hold what is
    // committed at this place.
    if (!waiting_.empty() && waiting_.front().at.term < at.term) {
        std::erase_if(waiting_, [&](const Waiting& waiting) {
            if (waiting.at.term >= at.term) {
                return false;
            }
            settled.push_back(
                {waiting.call,
                 base::fail(Errc::kRetry, "another leader's log took the place of this one's")});
            return true;
        });
    }
}

void PendingProposals::skipped(raft::Position at, std::vector<Settled>& settled) {
    std::erase_if(waiting_, [&](const Waiting& waiting) {
        if (waiting.at.index > at.index && waiting.at.term >= at.term) {
            return false;
        }
        // Exactly at the snapshot's end, the term tells.
        if (waiting.at == at) {
            settled.push_back({waiting.call, at});
        } else if (waiting.at.index >= at.index) {
            settled.push_back(
                {waiting.call,
                 base::fail(Errc::kRetry, "another leader's log took the place of this one's")});
        } else {
            settled.push_back(
                {waiting.call,
                 base::fail(Errc::kUnknown, "a snapshot has skipped the place of this entry")});
        }
        return true;
    });
}

void PendingProposals::abandon(const std::string& why, std::vector<Settled>& settled) {
    for (const Waiting& waiting : waiting_) {
        settled.push_back({waiting.call, base::fail(Errc::kUnknown, why)});
    }
    waiting_.clear();
}

std::vector<CallNumber> PendingReads::applied(std::uint64_t index) {
    std::vector<CallNumber> ready;
    while (!waiting_.empty() && waiting_.begin()->first <= index) {
        ready.push_back(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
    }
    return ready;
}

std::vector<CallNumber> PendingReads::abandon() {
    return applied(UINT64_MAX);
}

void PendingReads::remove(std::uint64_t index, CallNumber call) {
    const auto [begin, end] = waiting_.equal_range(index);
    const auto found = std::ranges::find(std::ranges::subrange(begin, end), call,
                                         [](const auto& waiting) { return waiting.second; });
    if (found != end) {
        waiting_.erase(found);
    }
}

}  // namespace distkv::shard
