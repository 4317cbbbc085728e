#include "model/version_vector.h"

#include <algorithm>

namespace distkv::model {

time::Hlc VersionVector::of(const Origin& origin) const {
    const auto found = entries_.find(origin);
    return found == entries_.end() ? time::Hlc{} : found->second;
}

bool VersionVector::covers(const VersionVector& other) const {
    return std::ranges::all_of(
        other.entries_, [this](const auto& entry) { return entry.second <= of(entry.first); });
}

Causality VersionVector::compared_to(const VersionVector& other) const {
    const bool above = covers(other);
    const bool below = other.covers(*this);
    if (above && below) {
        return Causality::kEqual;
    }
    return above ? Causality::kAfter : below ? Causality::kBefore : Causality::kConcurrent;
}

void VersionVector::raise(const Dot& dot) {
    if (dot.hlc != time::Hlc{}) {
        time::Hlc& stamp = entries_[dot.origin];
        stamp = std::max(stamp, dot.hlc);
    }
}

void VersionVector::join(const VersionVector& other) {
    for (const auto& [origin, stamp] : other.entries_) {
        raise({stamp, origin});
    }
}

void VersionVector::meet(const VersionVector& other) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        entry->second = std::min(entry->second, other.of(entry->first));
        entry = entry->second == time::Hlc{} ? entries_.erase(entry) : std::next(entry);
    }
}

void VersionVector::encode(base::Encoder& out) const {
    out.varint(entries_.size());
    for (const auto& [origin, stamp] : entries_) {
        origin.encode(out);
        stamp.encode(out);
    }
}

base::Result<VersionVector> VersionVector::decode(base::Decoder& in) {
    VersionVector vector;
    const std::uint64_t count = TRY(in.varint());
    for (std::uint64_t i = 0; i < count; ++i) {
        const Origin origin = TRY(Origin::decode(in));
        const time::Hlc stamp = TRY(time::Hlc::decode(in));
        const bool ascends = vector.entries_.empty() || vector.entries_.rbegin()->first < origin;
        if (!ascends || stamp == time::Hlc{}) {
            return base::fail(base::Errc::kCorrupt,
                              "a version vector whose origins do not ascend, or with a zero stamp");
        }
        vector.entries_.emplace_hint(vector.entries_.end(), origin, stamp);
    }
    return vector;
}

std::string to_string(const VersionVector& vector) {
    std::string text = "{";
    for (const auto& [origin, stamp] : vector.entries()) {
        text += (text.size() > 1 ? ", " : "") + to_string(origin) + ": " + time::to_string(stamp);
    }
    return text + "}";
}

}  // namespace distkv::model
