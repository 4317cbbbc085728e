#include "crdt/sketch.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "base/codec.h"

namespace distkv::crdt {

using base::Errc;
using base::fail;
using base::Result;

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kSparse = 0;
constexpr std::uint8_t kDense = 1;
constexpr unsigned kRegisterBits = 6;
constexpr unsigned kRegisterMask = (1U << kRegisterBits) - 1;
constexpr std::size_t kDenseBytes = Sketch::kRegisters * kRegisterBits / 8;
static_assert(Sketch::kRankMax <= kRegisterMask);

}  // namespace

bool Sketch::add(base::ByteView element) {
    const std::uint64_t hash = XXH64(element.data(), element.size(), 0);
    const std::uint64_t rest = hash >> kIndexBits | std::uint64_t{1} << kRankBits;
    const auto rank = static_cast<std::uint8_t>(std::countr_zero(rest) + 1);
    std::uint8_t& known = ranks_[hash & (kRegisters - 1)];
    if (rank <= known) {
        return false;
    }
    known = rank;
    return true;
}

bool Sketch::join(const Sketch& other) {
    unsigned changed = 0;
    for (std::size_t i = 0; i < kRegisters; ++i) {
        changed |= ranks_[i] < other.ranks_[i] ? 1U : 0U;
        ranks_[i] = std::max(ranks_[i], other.ranks_[i]);
    }
    return changed != 0;
}

namespace {

// sigma(x) = x + sum over k >= 1 of x^(2^k) * 2^(k-1): what registers still at zero say.
double sigma(double x) {
    if (x == 1) {
        return std::numeric_limits<double>::infinity();
    }
    double sum = x;
    for (double y = 1, before = -1; sum != before; y += y) {
        x *= x;
        before = sum;
        sum += x * y;
    }
    return sum;
}

// tau(x) = (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 * 2^-k) / 3: registers at their limit.
double tau(double x) {
    if (x == 0 || x == 1) {
        return 0;
    }
    double sum = 1 - x;
    for (double y = 0.5, before = -1; sum != before; y *= 0.5) {
        x = std::sqrt(x);
        before = sum;
        sum -= (1 - x) * (1 - x) * y;
    }
    return sum / 3;
}

}  // namespace

std::uint64_t Sketch::estimate() const {
    constexpr double kCount = kRegisters;
    constexpr double kAlpha = 0.7213475204444817;  // 1 / (2 ln 2)
    std::array<std::uint32_t, kRankMax + 1> with_rank{};
    for (const std::uint8_t rank : ranks_) {
        ++with_rank[rank];
    }
    double z = kCount * tau(1 - with_rank[kRankMax] / kCount);
    for (std::size_t rank = kRankBits; rank > 0; --rank) {
        z = 0.5 * (z + with_rank[rank]);
    }
    z += kCount * sigma(with_rank[0] / kCount);
    const double estimate = kAlpha * kCount * kCount / z;
    // All registers at their limit: more than any set that was ever counted.
    constexpr double kMax = 9e18;
    return static_cast<std::uint64_t>(std::llround(std::min(estimate, kMax)));
}

base::Bytes Sketch::encode() const {
    base::Encoder sparse;
    sparse.fixed(kVersion);
    sparse.fixed(kSparse);
    sparse.varint(kRegisters - static_cast<std::size_t>(std::ranges::count(ranks_, 0)));
    std::size_t next = 0;
    for (std::size_t i = 0; i < kRegisters && sparse.view().size() <= kDenseBytes; ++i) {
        if (ranks_[i] != 0) {
            sparse.varint((i - next) << kRegisterBits | ranks_[i]);
            next = i + 1;
        }
    }
    if (sparse.view().size() <= kDenseBytes) {
        return std::move(sparse).take();
    }
    base::Encoder dense;
    dense.fixed(kVersion);
    dense.fixed(kDense);
    for (std::size_t i = 0; i < kRegisters; i += 4) {  // Four registers are three bytes.
        std::uint32_t bits = 0;
        for (unsigned k = 0; k < 4; ++k) {
            bits |= std::uint32_t{ranks_[i + k]} << (k * kRegisterBits);
        }
        dense.fixed(static_cast<std::uint16_t>(bits));
        dense.fixed(static_cast<std::uint8_t>(bits >> 16));
    }
    return std::move(dense).take();
}

namespace {

using Ranks = std::array<std::uint8_t, Sketch::kRegisters>;

std::unexpected<base::Error> bad(std::string_view what) {
    return fail(Errc::kCorrupt, "a HyperLogLog " + std::string(what));
}

Result<void> decode_sparse(base::Decoder& in, Ranks& ranks) {
    const std::uint64_t count = TRY(in.varint());
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t word = TRY(in.varint());
        const std::uint64_t skipped = word >> kRegisterBits;
        const auto rank = static_cast<std::uint8_t>(word & kRegisterMask);
        if (at >= Sketch::kRegisters || skipped >= Sketch::kRegisters - at) {
            return bad("with more registers than there are");
        }
        if (rank == 0 || rank > Sketch::kRankMax) {
            return bad("with an impossible rank");
        }
        at += skipped;
        ranks[at] = rank;
        ++at;
    }
    return {};
}

Result<void> decode_dense(base::Decoder& in, Ranks& ranks) {
    for (std::size_t i = 0; i < Sketch::kRegisters; i += 4) {
        const std::uint32_t low = TRY(in.fixed<std::uint16_t>());
        const std::uint32_t bits = low | std::uint32_t{TRY(in.fixed<std::uint8_t>())} << 16;
        for (unsigned k = 0; k < 4; ++k) {
            const auto rank =
                static_cast<std::uint8_t>(bits >> (k * kRegisterBits) & kRegisterMask);
            if (rank > Sketch::kRankMax) {
                return bad("with an impossible rank");
            }
            ranks[i + k] = rank;
        }
    }
    return {};
}

}  // namespace

Result<Sketch> Sketch::decode(base::ByteView bytes) {
    base::Decoder in(bytes);
    Sketch sketch;
    static_cast<void>(TRY(in.version(kVersion)));
    switch (TRY(in.fixed<std::uint8_t>())) {
        case kSparse:
            TRY(decode_sparse(in, sketch.ranks_));
            break;
        case kDense:
            TRY(decode_dense(in, sketch.ranks_));
            break;
        default:
            return bad("in an unknown form");
    }
    TRY(in.finish());
    return sketch;
}

}  // namespace distkv::crdt
