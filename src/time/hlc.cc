#include "time/hlc.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "time/saturate.h"

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.ddddddZ";  // d stands for a digit.
constexpr std::string_view kNodePrefix = "@node";

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

bool digit(char c) {
    return c >= '0' && c <= '9';
}

std::int64_t number_at(std::string_view text, std::size_t from, std::size_t digits) {
    std::int64_t value = 0;
    for (const char c : text.substr(from, digits)) {
        value = value * 10 + (c - '0');
    }
    return value;
}

// A decimal in its only form: no sign, no leading zeros.
std::optional<std::uint64_t> parse_decimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool leading_zero = text.size() > 1 && text[0] == '0';
    if (error != std::errc() || end != text.data() + text.size() || leading_zero) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
    if (text.size() != kShape.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        if (kShape[i] == 'd' ? !digit(text[i]) : text[i] != kShape[i]) {
            return std::nullopt;
        }
    }
    const std::chrono::year_month_day day(
        std::chrono::year(static_cast<int>(number_at(text, 0, 4))),
        std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
        std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2))));
    const std::int64_t hour = number_at(text, 11, 2);
    const std::int64_t minute = number_at(text, 14, 2);
    const std::int64_t second = number_at(text, 17, 2);
    if (!day.ok() || hour > 23 || minute > 59 || second > 59) {
        return std::nullopt;
    }
    const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
    const std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    return seconds * kMicrosPerSecond + number_at(text, 20, 6);
}

std::string date_text(std::int64_t micros) {
    using std::chrono::floor;
    const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(micros)};
    const auto midnight = floor<std::chrono::days>(at);
    const std::chrono::year_month_day day(midnight);
    const std::chrono::hh_mm_ss time_of_day(at - midnight);
    std::array<char, 48> text{};
    const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                                   static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                                   static_cast<unsigned>(day.day()),
                                   static_cast<int>(time_of_day.hours().count()),
                                   static_cast<int>(time_of_day.minutes().count()),
                                   static_cast<int>(time_of_day.seconds().count()),
                                   static_cast<int>(time_of_day.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string to_string(WallTime wall) {
    return date_text(
        std::chrono::floor<std::chrono::microseconds>(wall.time_since_epoch()).count());
}

std::string to_string(Hlc hlc) {
    return to_string(hlc.physical()) + "+" + std::to_string(hlc.counter());
}

std::string to_string(const Stamp& stamp) {
    return to_string(stamp.hlc) + std::string(kNodePrefix) + base::to_string(stamp.node);
}

base::Result<Hlc> parse_hlc(std::string_view text) {
    const auto wrong = [&] {
        return fail(Errc::kInvalid, "'" + std::string(text.substr(0, 64)) +
                                        "' is not a stamp like 2026-11-20T10:15:00.123456Z+42");
    };
    const std::size_t plus = text.find('+');
    if (plus == std::string_view::npos) {
        return wrong();
    }
    const std::optional<std::int64_t> micros = parse_date(text.substr(0, plus));
    const std::optional<std::uint64_t> counter = parse_decimal(text.substr(plus + 1));
    if (!micros || !counter) {
        return wrong();
    }
    if (*micros < 0 || static_cast<std::uint64_t>(*micros) > Hlc::kMicrosMax ||
        *counter > Hlc::kCounterMax) {
        return fail(Errc::kInvalid, "stamp '" + std::string(text) +
                                        "' is out of range: 1970 to 2112, counter to 4095");
    }
    return Hlc{(static_cast<std::uint64_t>(*micros) << Hlc::kCounterBits) | *counter};
}

base::Result<Stamp> parse_stamp(std::string_view text) {
    const std::size_t at = text.find(kNodePrefix);
    if (at == std::string_view::npos) {
        return fail(Errc::kInvalid,
                    "'" + std::string(text.substr(0, 64)) + "' does not end in @node and a number");
    }
    const std::optional<std::uint64_t> node = parse_decimal(text.substr(at + kNodePrefix.size()));
    if (!node) {
        return fail(Errc::kInvalid, "'" + std::string(text.substr(0, 96)) +
                                        "' names no node: a number belongs after @node");
    }
    return Stamp{TRY(parse_hlc(text.substr(0, at))), base::NodeId{*node}};
}

}  // namespace distkv::time
