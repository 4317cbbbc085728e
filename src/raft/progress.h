// What a leader knows about one other member.
//
//               an append was acknowledged
//     probe ───────────────────────────────► replicate     probe: one append at a time, to find
//       │ ◄───────────────────────────────────  │                 where the logs agree
//       │     an append was rejected             │         replicate: a window of appends under way
//       ▼             needs what was cut         ▼         snapshot: nothing, until it has come
//     snapshot ◄─────────────────────────────────┘
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "time/hlc.h"
#include "time/instant.h"

namespace distkv::raft {

enum class Pace : std::uint8_t { kProbe, kReplicate, kSnapshot };

std::string_view name_of(Pace pace);

class Progress {
public:
    explicit Progress(std::uint64_t next) : next(next) {}

    // Set by the leader as it learns; no invariant binds them but match < next.
    std::uint64_t match = 0;
    std::uint64_t next = 1;
    Pace pace = Pace::kProbe;
    bool probe_out = false;      // One append (or the question where we agree) is on its way.
    std::uint64_t fetching = 0;  // The first entry that is being read from the disk for it.
    std::uint64_t snapshot_index = 0;
    std::uint64_t commit_told = 0;  // The highest commit that was sent to it.

    time::MonoTime heard{};        // The last answer of any kind, in this term.
    time::MonoTime lease_until{};  // It votes for nobody else before; by the leader's clock.
    std::uint64_t read_acked = 0;  // The newest read_id that it has answered.
    time::Hlc ceiling_acked;

    // The appends under way: last index and bytes of each.
    void sent(std::uint64_t last, std::size_t bytes, time::MonoTime now);
    void acked(std::uint64_t index);
    // Of the oldest of them, when there is one.
    [[nodiscard]] time::MonoTime oldest_sent() const { return inflight_.front().at; }
    [[nodiscard]] std::size_t inflight() const { return inflight_.size(); }
    [[nodiscard]] std::size_t inflight_bytes() const { return inflight_bytes_; }

    void to_probe(std::uint64_t next_index);
    void to_replicate();
    void to_snapshot(std::uint64_t index);

private:
    struct Sent {
        std::uint64_t last;
        std::size_t bytes;
        time::MonoTime at;
    };
    std::deque<Sent> inflight_;
    std::size_t inflight_bytes_ = 0;
};

}  // namespace distkv::raft
