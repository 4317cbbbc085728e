#include "time/duration_text.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace distkv::time {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanos;
};

// The largest first. Minutes are written "min" because "m" beside "ms" is easily misread.
constexpr std::array kUnits{
    Unit{"h", 3'600'000'000'000}, Unit{"min", 60'000'000'000}, Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},        Unit{"us", 1'000},           Unit{"ns", 1},
};

std::int64_t unit_nanos(std::string_view name) {
    if (name == "m") {
        return 60'000'000'000;
    }
    for (const Unit& unit : kUnits) {
        if (unit.name == name) {
            return unit.nanos;
        }
    }
    return 0;
}

const Unit& unit_for(std::uint64_t magnitude) {
    for (const Unit& unit : kUnits) {
        if (magnitude >= static_cast<std::uint64_t>(unit.nanos)) {
            return unit;
        }
    }
    return kUnits.back();
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string to_text(Duration duration) {
    const std::int64_t count = duration.count();
    if (count == 0) {
        return "0s";
    }
    const std::uint64_t magnitude =
        count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    const Unit& unit = unit_for(magnitude);
    const auto nanos = static_cast<std::uint64_t>(unit.nanos);
    std::string text = count < 0 ? "-" : "";
    text += std::to_string(magnitude / nanos);
    __extension__ using Wide = unsigned __int128;
    const auto thousandths =
        static_cast<unsigned>(static_cast<Wide>(magnitude % nanos) * 1000 / nanos);
    if (thousandths != 0) {
        std::array<char, 8> decimals{};
        std::snprintf(decimals.data(), decimals.size(), ".%03u", thousandths % 1000);
        text += decimals.data();
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text.append(unit.name);
}

base::Result<Duration> parse_duration(std::string_view text) {
    const auto wrong = [&] {
        return base::fail(base::Errc::kInvalid, "'" + std::string(text.substr(0, 40)) +
                                                    "' is not a duration like 250ms, 1.5s or 10m");
    };
    __extension__ using Wide = __int128;
    Wide digits = 0;
    Wide scale = 1;
    std::size_t at = 0;
    bool after_point = false;
    for (; at < text.size() && (digit(text[at]) || (text[at] == '.' && !after_point)); ++at) {
        if (text[at] == '.') {
            after_point = true;
            continue;
        }
        digits = digits * 10 + (text[at] - '0');
        scale *= after_point ? 10 : 1;
        if (at > 24) {
            return wrong();
        }
    }
    const std::int64_t nanos = unit_nanos(text.substr(at));
    if (at == 0 || !digit(text[0]) || !digit(text[at - 1]) || nanos == 0) {
        return wrong();
    }
    const Wide total = digits * nanos / scale;
    if (total > INT64_MAX) {
        return wrong();
    }
    return Duration(static_cast<std::int64_t>(total));
}

}  // namespace distkv::time
