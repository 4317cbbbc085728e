// How many different things were seen, in 12 KiB: 16384 registers, each the greatest number of
// leading zeros, in a manner of speaking, among the hashes that fell to it (HyperLogLog; Flajolet
// et al., 2007). Relative error about 1.04 / sqrt(16384) = 0.8 %.
//
// The hash is XXH64 with seed 0: its low 14 bits name the register, and the number of trailing
// zeros of the other 50, plus one, is the rank. It is part of what is stored, as the bytes below:
//
//     byte    version, 1
//     byte    0 sparse, 1 dense: whichever is shorter
//     sparse  varint count, then of each register that is not zero, ascending:
//             varint (registers skipped since the last one) * 64 + rank
//     dense   12288 bytes: register 0 in the low 6 bits of the first, then upwards
//
// The estimate is Ertl's improved raw estimator (New cardinality estimation algorithms for
// HyperLogLog sketches, 2017, section 4): no tables of bias, no switch between regimes. It takes
// square roots, which IEEE 754 rounds the same everywhere, and nothing of it is stored.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace distkv::crdt {

class Sketch {
public:
    static constexpr unsigned kIndexBits = 14;
    static constexpr std::size_t kRegisters = std::size_t{1} << kIndexBits;
    static constexpr unsigned kRankBits = 64 - kIndexBits;
    static constexpr std::uint8_t kRankMax = kRankBits + 1;  // Of a hash whose 50 bits are zeros.

    // Each says whether a register changed.
    bool add(base::ByteView element);
    bool join(const Sketch& other);

    [[nodiscard]] std::uint64_t estimate() const;

    [[nodiscard]] base::Bytes encode() const;
    static base::Result<Sketch> decode(base::ByteView bytes);

    bool operator==(const Sketch&) const = default;

private:
    std::array<std::uint8_t, kRegisters> ranks_{};
};

}  // namespace distkv::crdt
