#include "base/rng.h"

#include <bit>

#include "base/check.h"

namespace distkv::base {
namespace {

// splitmix64: turns any seed, 0 included, into well-spread state.
std::uint64_t spread(std::uint64_t& x) {
    x += 0x9e3779b97f4a7c15U;
    std::uint64_t z = x;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

}  // namespace

Rng::Rng(std::uint64_t seed) : seed_(seed) {
    std::uint64_t x = seed;
    for (std::uint64_t& word : state_) {
        word = spread(x);
    }
}

// xoshiro256**
std::uint64_t Rng::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

// The high half of a 128-bit product, with the biased sliver rejected (Lemire).
std::uint64_t Rng::below(std::uint64_t bound) {
    CHECK(bound > 0);
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t biased_below = (0 - bound) % bound;
    for (;;) {
        const Wide product = static_cast<Wide>(next()) * bound;
        if (static_cast<std::uint64_t>(product) >= biased_below) {
            return static_cast<std::uint64_t>(product >> 64U);
        }
    }
}

std::int64_t Rng::between(std::int64_t low, std::int64_t high) {
    CHECK(low <= high);
    const auto width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const std::uint64_t step = width == UINT64_MAX ? next() : below(width + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + step);
}

bool Rng::chance(std::uint32_t per_million) {
    return below(1'000'000) < per_million;
}

double Rng::unit() {
    return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

Rng Rng::fork(std::string_view label) const {
    std::uint64_t x = seed_;
    std::uint64_t mixed = spread(x);
    for (const char c : label) {
        mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x100000001b3U;  // FNV-1a step
    }
    return Rng(spread(mixed));
}

}  // namespace distkv::base
