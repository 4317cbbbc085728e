// The fingerprint of a run: every event, with its time, place and payload, folded into one number.
// Two runs of a seed must have the same; one changed byte anywhere gives another.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"
#include "sim/true_time.h"

namespace distkv::sim {

enum class TraceKind : std::uint8_t {
    kSend = 1,
    kDeliver,
    kWake,
    kDiskDone,
    kReactorMessage,
    kStart,
    kCrash,
    kFault,
    kObserved,
};

class Trace {
public:
    // Receives one line per event; for people who look for the reason of a difference.
    using Lines = std::function<void(std::string_view line)>;
    void print_to(Lines lines) { lines_ = std::move(lines); }

    void add(TrueTime at, TraceKind kind, base::NodeId node, std::uint64_t detail,
             base::ByteView payload = {});

    [[nodiscard]] std::uint64_t hash() const { return hash_; }

private:
    std::uint64_t hash_ = 0;
    Lines lines_;
};

std::string hash_text(std::uint64_t hash);  // Sixteen hexadecimal digits.

}  // namespace distkv::sim
