// One region's copy of one key, for tests that say who does what in which order.
#pragma once

#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

#include "base/codec.h"
#include "crdt/merge.h"
#include "crdt/writer.h"

namespace distkv::crdt {

class Replica {
public:
    explicit Replica(std::uint64_t region, std::uint64_t incarnation = 1)
        : origin{model::RegionId{region}, incarnation} {}

    const model::Origin origin;
    KeyState state;
    model::VersionVector seen;
    Effects log;  // All that it ever wrote, in order.

    [[nodiscard]] time::Hlc now() const { return {clock_}; }
    void wait_ms(std::uint64_t by) { clock_ += (by * 1000) << time::Hlc::kCounterBits; }

    // Runs a command, merges what it writes into its own state, and hands on its answer.
    template <class Command>
    auto run(const Command& command) {
        const Writer writer{{{++clock_}, origin}, seen};
        auto outcome = command(std::as_const(state), writer);
        if (outcome.has_value()) {
            for (const Effect& effect : outcome->effects) {
                take(effect);
                log.push_back(effect);
            }
        }
        return outcome;
    }

    void take(const Effect& effect) {
        ASSERT_TRUE(check_cell(effect.field, effect.cell).has_value());
        merge(state, effect);
        seen.raise(effect.cell.dot);
        clock_ = std::max(clock_, effect.cell.dot.hlc.word);
    }

    // What the other has written since the last time.
    void pull(const Replica& other) {
        for (std::size_t& at = pulled_[other.origin]; at < other.log.size(); ++at) {
            take(other.log[at]);
        }
    }

    [[nodiscard]] base::Bytes digest_bytes() const {
        base::Encoder out;
        digest(state, out);
        return std::move(out).take();
    }

private:
    std::uint64_t clock_ = std::uint64_t{1'700'000'000'000'000} << time::Hlc::kCounterBits;
    std::map<model::Origin, std::size_t> pulled_;
};

// Everybody gets everything.
template <class Replicas>
void sync(Replicas& replicas) {
    for (auto& to : replicas) {
        for (const auto& from : replicas) {
            if (to.origin != from.origin) {
                to.pull(from);
            }
        }
    }
}

}  // namespace distkv::crdt
