// For each origin, the stamp up to which everything it wrote has been seen. An origin that is not
// there has not been seen at all.
#pragma once

#include <map>
#include <string>

#include "base/codec.h"
#include "base/result.h"
#include "model/origin.h"

namespace distkv::model {

enum class Causality { kBefore, kAfter, kEqual, kConcurrent };

class VersionVector {
public:
    VersionVector() = default;

    [[nodiscard]] time::Hlc of(const Origin& origin) const;
    [[nodiscard]] bool covers(const Dot& dot) const { return dot.hlc <= of(dot.origin); }
    [[nodiscard]] bool covers(const VersionVector& other) const;

    // How this one stands to the other.
    [[nodiscard]] Causality compared_to(const VersionVector& other) const;

    void raise(const Dot& dot);  // Never lowers.
    void join(const VersionVector& other);
    void meet(const VersionVector& other);  // For each origin the lesser.
    void forget(const Origin& origin) { entries_.erase(origin); }

    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] const std::map<Origin, time::Hlc>& entries() const { return entries_; }

    bool operator==(const VersionVector&) const = default;

    //     varint  number of entries, then of each, origins ascending:
    //             origin (varint region, varint incarnation), 8 bytes stamp, not zero
    void encode(base::Encoder& out) const;
    static base::Result<VersionVector> decode(base::Decoder& in);

private:
    std::map<Origin, time::Hlc> entries_;  // No stamp is zero.
};

std::string to_string(const VersionVector& vector);

}  // namespace distkv::model
