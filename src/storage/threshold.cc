#include "storage/threshold.h"

#include <utility>

#include "base/check.h"
#include "base/codec.h"

namespace distkv::storage {

using model::VersionVector;

namespace {
constexpr std::uint8_t kVersion = 1;
}

CollectionThreshold::Hold::Hold(CollectionThreshold& of, VersionVector at, std::string who)
    : of_(of), number_(++of.holds_made_) {
    of_.holds_[number_] = {std::move(at), std::move(who)};
}

CollectionThreshold::Hold::~Hold() {
    of_.holds_.erase(number_);
}

void CollectionThreshold::Hold::raise(const VersionVector& at) {
    of_.holds_[number_].at.join(at);
}

VersionVector CollectionThreshold::limit(const VersionVector& settled) const {
    VersionVector limit = settled;
    for (const auto& [number, held] : holds_) {
        limit.meet(held.at);
    }
    limit.join(collected_);  // What is gone is gone.
    return limit;
}

void CollectionThreshold::advance(const VersionVector& limit) {
    CHECK(limit.covers(collected_), "a collection threshold never goes back");
    collected_ = limit;
}

base::Result<void> CollectionThreshold::check_readable(const VersionVector& as_of) const {
    if (as_of.covers(collected_)) {
        return {};
    }
    return base::fail(base::Errc::kInvalid, "versions as of " + to_string(as_of) +
                                                " were collected; what is kept begins at " +
                                                to_string(collected_));
}

std::map<std::string, VersionVector> CollectionThreshold::holders() const {
    std::map<std::string, VersionVector> found;
    for (const auto& [number, held] : holds_) {
        found.emplace(held.who, held.at);
    }
    return found;
}

base::Bytes encode_threshold(const VersionVector& collected) {
    base::Encoder out;
    out.fixed(kVersion);
    collected.encode(out);
    return std::move(out).take();
}

base::Result<VersionVector> decode_threshold(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));  // There is only one so far.
    VersionVector collected = TRY(VersionVector::decode(in));
    TRY(in.finish());
    return collected;
}

}  // namespace distkv::storage
