#include "crdt/header.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/codec.h"

namespace distkv::crdt {

using Setting = ExpirySetting;

namespace {
constexpr std::uint8_t kVersion = 1;
}

base::Bytes encode_setting(const Setting& setting) {
    base::Encoder out;
    out.fixed(kVersion);
    out.fixed(static_cast<std::uint8_t>(setting.kind));
    setting.set.encode(out);
    if (setting.kind == Setting::Kind::kExpires) {
        out.fixed(setting.at_ms);
    }
    setting.seen.encode(out);
    return std::move(out).take();
}

base::Result<Setting> decode_setting(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));
    const std::uint8_t kind = TRY(in.fixed<std::uint8_t>());
    if (kind > static_cast<std::uint8_t>(Setting::Kind::kPersists)) {
        return base::fail(base::Errc::kCorrupt, "an expiry of an unknown kind");
    }
    Setting setting{.kind = static_cast<Setting::Kind>(kind), .set = TRY(time::Hlc::decode(in))};
    if (setting.kind == Setting::Kind::kExpires) {
        setting.at_ms = TRY(in.fixed<std::uint64_t>());
    }
    setting.seen = TRY(model::VersionVector::decode(in));
    TRY(in.finish());
    return setting;
}

namespace {

struct Made {
    model::Origin by;
    Setting setting;
};

void join_expiry(Header& header, const std::vector<Made>& settings) {
    using Kind = Setting::Kind;
    bool persists = false;
    for (const Made& made : settings) {
        const model::Dot dot{made.setting.set, made.by};
        const bool replaced = std::ranges::any_of(settings, [&](const Made& other) {
            return other.by != made.by && other.setting.seen.covers(dot);
        });
        if (replaced || made.setting.kind == Kind::kLifted || header.cleared.covers(dot)) {
            continue;
        }
        header.any_setting_lives = true;
        if (made.setting.kind == Kind::kPersists) {
            persists = true;
        } else {
            header.expires_ms = std::max(header.expires_ms.value_or(0), made.setting.at_ms);
        }
    }
    if (persists) {
        header.expires_ms.reset();
    }
}

}  // namespace

bool Header::expired(time::Hlc now) const {
    return expires_ms && *expires_ms <= now.micros() / 1000;
}

Header header_of(const KeyState& state) {
    Header header;
    const KeyState::Group cells = state.group(Tag::kHeader);
    if (cells.empty()) {
        return header;
    }
    std::vector<Made> settings;
    for (const Effect& effect : cells) {
        header.cleared.join(effect.cell.clears);
        if (!effect.cell.value.empty()) {
            auto setting = decode_setting(effect.cell.value);
            CHECK(setting.has_value(), "a header cell was not checked when it came in");
            settings.push_back({effect.field.owner, std::move(*setting)});
        }
    }
    join_expiry(header, settings);
    return header;
}

}  // namespace distkv::crdt
