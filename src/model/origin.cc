#include "model/origin.h"

namespace distkv::model {

void Origin::encode(base::Encoder& out) const {
    out.varint(region.value);
    out.varint(incarnation);
}

base::Result<Origin> Origin::decode(base::Decoder& in) {
    const std::uint64_t region = TRY(in.varint());
    const std::uint64_t incarnation = TRY(in.varint());
    if (region > kRegionIdMax || incarnation > kIncarnationMax) {
        return base::fail(base::Errc::kCorrupt, "origin " + std::to_string(region) + "." +
                                                    std::to_string(incarnation) +
                                                    " is beyond region 65535 or incarnation "
                                                    "4294967295");
    }
    return Origin{{region}, incarnation};
}

void Dot::encode(base::Encoder& out) const {
    hlc.encode(out);
    origin.encode(out);
}

base::Result<Dot> Dot::decode(base::Decoder& in) {
    const time::Hlc hlc = TRY(time::Hlc::decode(in));
    return Dot{hlc, TRY(Origin::decode(in))};
}

std::string to_string(const Origin& origin) {
    return std::to_string(origin.region.value) + "." + std::to_string(origin.incarnation);
}

std::string to_string(const Dot& dot) {
    return time::to_string(dot.hlc) + "@" + to_string(dot.origin);
}

}  // namespace distkv::model
