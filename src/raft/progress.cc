#include "raft/progress.h"

#include "base/check.h"

namespace distkv::raft {

std::string_view name_of(Pace pace) {
    switch (pace) {
        case Pace::kProbe:
            return "probe";
        case Pace::kReplicate:
            return "replicate";
        case Pace::kSnapshot:
            return "snapshot";
    }
    CHECK(false);
}

void Progress::sent(std::uint64_t last, std::size_t bytes, time::MonoTime now) {
    inflight_.push_back({last, bytes, now});
    inflight_bytes_ += bytes;
}

void Progress::acked(std::uint64_t index) {
    while (!inflight_.empty() && inflight_.front().last <= index) {
        inflight_bytes_ -= inflight_.front().bytes;
        inflight_.pop_front();
    }
}

void Progress::to_probe(std::uint64_t next_index) {
    pace = Pace::kProbe;
    next = next_index;
    probe_out = false;
    fetching = 0;
    snapshot_index = 0;
    inflight_.clear();
    inflight_bytes_ = 0;
}

void Progress::to_replicate() {
    to_probe(match + 1);
    pace = Pace::kReplicate;
}

void Progress::to_snapshot(std::uint64_t index) {
    to_probe(match + 1);
    pace = Pace::kSnapshot;
    snapshot_index = index;
}

}  // namespace distkv::raft
