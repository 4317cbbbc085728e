// Deterministic randomness. The same seed gives the same numbers on every machine and in every
// build: integer arithmetic only (std:: distributions differ between libraries, and so may libm).
#pragma once

#include <cstdint>
#include <string_view>

namespace distkv::base {

class Rng {
public:
    explicit Rng(std::uint64_t seed);

    std::uint64_t next();

    // Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);

    // Uniform in [low, high], both included; low <= high.
    std::int64_t between(std::int64_t low, std::int64_t high);

    // True with probability `per_million` / 1,000,000.
    bool chance(std::uint32_t per_million);

    // Uniform in [0, 1), a multiple of 2^-53.
    double unit();

    // An independent stream named by a label, so that a new consumer of randomness in one place
    // does not shift the numbers that another place sees.
    [[nodiscard]] Rng fork(std::string_view label) const;

private:
    std::uint64_t seed_;
    std::uint64_t state_[4];
};

}  // namespace distkv::base
