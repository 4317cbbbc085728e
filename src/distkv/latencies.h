// How long many operations took: counts in buckets that are an eighth wider each, which is as
// exact as a person needs, and small enough to send.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "time/instant.h"

namespace distkv::distkv {

class Latencies {
public:
    void add(time::Duration latency);
    void add(const Latencies& others);
    void subtract(const Latencies& earlier);

    [[nodiscard]] std::uint64_t count() const { return count_; }

    // The upper end of the bucket in which this share of all, of 1, lies. Zero when there are none.
    [[nodiscard]] time::Duration at_share(double share) const;

    [[nodiscard]] std::string text() const;  // "12:3,14:1": bucket and count.
    static base::Result<Latencies> parse(std::string_view text);

private:
    std::map<int, std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
};

}  // namespace distkv::distkv
