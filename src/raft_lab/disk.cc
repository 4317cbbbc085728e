#include "raft_lab/disk.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::raft_lab {

raft::Persisted Disk::write_oldest() {
    CHECK(!under_way.empty());
    const raft::Persist persist = std::move(under_way.front());
    under_way.pop_front();
    if (persist.hard_state) {
        hard_state = *persist.hard_state;
    }
    if (persist.snapshot || !persist.entries.empty()) {
        damage.reset();
    }
    if (persist.snapshot) {
        base = *persist.snapshot;
        entries.clear();
    }
    for (const raft::Entry& entry : persist.entries) {
        CHECK(entry.index > base.at.index && entry.index <= last() + 1);
        entries.resize(static_cast<std::size_t>(entry.index - base.at.index - 1));
        entries.push_back(entry);
    }
    const raft::Position last_written =
        persist.entries.empty() ? raft::Position{} : persist.entries.back().position();
    answered.push_back({.sequence = persist.sequence, .last = last_written});
    return answered.back();
}

raft::Start Disk::start() {
    raft::Start start{.hard_state = hard_state,
                      .cut = base.at,
                      .membership = base.membership,
                      .entries = {},
                      .applied = base.at.index};
    if (damage) {
        damage->last = std::max(damage->last, last());
        entries.resize(static_cast<std::size_t>(damage->first - base.at.index - 1));
    }
    start.entries = entries;
    start.damage = damage;
    answered.clear();
    return start;
}

base::Result<std::vector<raft::Entry>> Disk::fetch(const raft::Fetch& what) const {
    std::vector<raft::Entry> found;
    std::size_t bytes = 0;
    for (std::uint64_t index = what.first; index <= std::min(what.last, last()); ++index) {
        if (index <= base.at.index) {
            break;
        }
        bytes += cost_of(at(index));
        if (!found.empty() && bytes > what.bytes_max) {
            break;
        }
        found.push_back(at(index));
    }
    if (found.empty()) {
        return base::fail(base::Errc::kNotFound,
                          "entry " + std::to_string(what.first) + " is no longer in the log");
    }
    return found;
}

}  // namespace distkv::raft_lab
