// One core whose owner does what a test says: for what is easier to state at one replica's door
// than in a group under chaos.
#pragma once

#include <vector>

#include "raft/core.h"

namespace distkv::raft {

inline constexpr ReplicaId kOne{1};
inline constexpr ReplicaId kTwo{2};
inline constexpr ReplicaId kThree{3};

Membership voters_up_to(std::uint64_t count);
Options test_options(ReplicaId id);
Message message_to_one(MessageKind kind, ReplicaId from, std::uint64_t term);
Entry normal(std::uint64_t index, std::uint64_t term, base::Bytes body = "x");

// Replica 1, with a disk that answers at once unless it is told to wait.
class OneReplica {
public:
    explicit OneReplica(Start start, Options options = test_options(kOne));

    void step(Input input);
    void pass(time::Duration time) { now_ += time; }
    void disk_waits(bool waits) { disk_waits_ = waits; }
    // Elected by replica 2, and with its no-op committed.
    void lead();

    // The newest message of this kind that went out.
    [[nodiscard]] const Message* said(MessageKind kind) const;

    std::vector<Message> sent{};
    std::vector<Persist> persists{};
    std::vector<Entry> applied{};
    std::vector<Fetch> fetches{};
    std::vector<Proposed> proposed{};
    std::vector<ReadReady> reads{};

    [[nodiscard]] Core& core() { return core_; }
    [[nodiscard]] time::MonoTime now() const { return now_; }

private:
    void obey();
    void obey(Effects effects);

    time::MonoTime now_{std::chrono::seconds(10)};
    bool disk_waits_ = false;
    Core core_;
};

inline Persisted answer_to(const Persist& persist) {
    const bool has = !persist.entries.empty();
    return {.sequence = persist.sequence,
            .last = has ? persist.entries.back().position() : Position{}};
}

}  // namespace distkv::raft
