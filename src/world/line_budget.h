// How many log lines somebody may cause. Whoever can knock at the door could otherwise fill the
// disk with what we write about it.
//
//     if (const auto left_out = budget.admit(world.mono_now())) {
//         log.warn("stranger_refused", {{"why", why}, {"left_out", *left_out}});
//     }
#pragma once

#include <cstdint>
#include <optional>

#include "time/instant.h"

namespace distkv::world {

class LineBudget {
public:
    // A burst tells what is going on; after that a line a second keeps saying so.
    static constexpr std::uint64_t kBurst = 10;
    static constexpr time::Duration kRefill = std::chrono::seconds(1);

    // Nothing when this line is to be left out; else how many were since the last that was not.
    std::optional<std::uint64_t> admit(time::MonoTime now) {
        if (!since_ || now < *since_) {
            since_ = now;
        }
        const auto earned = static_cast<std::uint64_t>((now - *since_) / kRefill);
        if (earned >= used_) {
            used_ = 0;
            since_ = now;
        } else {
            used_ -= earned;
            *since_ += kRefill * static_cast<std::int64_t>(earned);
        }
        if (used_ >= kBurst) {
            ++left_out_;
            return std::nullopt;
        }
        ++used_;
        const std::uint64_t left_out = left_out_;
        left_out_ = 0;
        return left_out;
    }

private:
    std::uint64_t used_ = 0;
    std::uint64_t left_out_ = 0;
    std::optional<time::MonoTime> since_;
};

}  // namespace distkv::world
