#include "distkv/latencies.h"

#include <algorithm>
#include <cmath>
#include <sstream>

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

base::Result<Latencies> Latencies::parse(const std::string& text) {
    Latencies latencies;
    std::istringstream in(text);
    int bucket = 0;
    char colon = 0;
    std::uint64_t count = 0;
    while (in >> bucket >> colon >> count) {
        latencies.buckets_[bucket] += count;
        latencies.count_ += count;
        in.ignore(1);
    }
    if (!in.eof()) {
        return base::fail(base::Errc::kInvalid, "latencies are written bucket:count,...");
    }
    return latencies;
}

}  // namespace distkv::distkv
