#include "distkv/latencies.h"

#include <algorithm>
#include <cmath>

#include "distkv/arguments.h"

namespace distkv::distkv {

namespace {

constexpr double kBucketsPerDoubling = 6;  // 12 % each.
constexpr int kBucketMax = 300;

}  // namespace

void Latencies::add(time::Duration latency) {
    const double ns = std::max<double>(1, static_cast<double>(latency.count()));
    ++buckets_[std::min(kBucketMax, static_cast<int>(std::log2(ns) * kBucketsPerDoubling))];
    ++count_;
}

void Latencies::add(const Latencies& others) {
    for (const auto& [bucket, count] : others.buckets_) {
        buckets_[bucket] += count;
        count_ += count;
    }
}

void Latencies::subtract(const Latencies& earlier) {
    for (const auto& [bucket, count] : earlier.buckets_) {
        const std::uint64_t gone = std::min(count, buckets_[bucket]);
        buckets_[bucket] -= gone;
        count_ -= gone;
    }
}

time::Duration Latencies::at_share(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (const auto& [bucket, count] : buckets_) {
        seen += count;
        if (seen >= wanted && seen > 0) {
            return time::Duration(
                static_cast<std::int64_t>(std::exp2((bucket + 1) / kBucketsPerDoubling)));
        }
    }
    return {};
}

std::string Latencies::text() const {
    std::string out;
    for (const auto& [bucket, count] : buckets_) {
        out += (out.empty() ? "" : ",") + std::to_string(bucket) + ":" + std::to_string(count);
    }
    return out;
}

base::Result<Latencies> Latencies::parse(std::string_view text) {
    Latencies latencies;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find(','));
        const std::size_t colon = std::min(pair.find(':'), pair.size());
        const auto bucket = parse_whole(pair.substr(0, colon), {.max = kBucketMax});
        const auto count = parse_whole(pair.substr(std::min(colon + 1, pair.size())), {});
        // A comma stands between two, not behind the last.
        if (!bucket || !count || pair.size() + 1 == text.size()) {
            return base::fail(base::Errc::kInvalid, "latencies are written bucket:count,...");
        }
        latencies.buckets_[static_cast<int>(*bucket)] += *count;
        latencies.count_ += *count;
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
    }
    return latencies;
}

}  // namespace distkv::distkv
