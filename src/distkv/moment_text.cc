#include "distkv/moment_text.h"

#include <charconv>
#include <chrono>
#include <string>

#include "distkv/arguments.h"

namespace distkv::distkv {
namespace {

using base::Errc;
using base::fail;
using base::Result;
using namespace std::chrono_literals;

constexpr std::string_view kShape = "2026-11-20T10:15:00.080Z";

// `digits` of them, taken off the front, and the letter that has to follow.
bool take(std::string_view& text, std::size_t digits, std::string_view follows, int& out) {
    if (text.size() < digits + follows.size() || text.substr(digits, follows.size()) != follows ||
        text[0] == '-') {
        return false;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, out);
    const bool whole = error == std::errc() && end == text.data() + digits;
    text.remove_prefix(digits + follows.size());
    return whole;
}

// ".080Z" or "Z", to nanoseconds.
bool take_fraction(std::string_view text, int& nanos) {
    nanos = 0;
    if (text == "Z") {
        return true;
    }
    if (!text.starts_with('.') || !text.ends_with('Z') || text.size() < 3 || text.size() > 11) {
        return false;
    }
    std::string digits(text.substr(1, text.size() - 2));
    digits.resize(9, '0');
    std::string_view rest = digits;
    return take(rest, 9, "", nanos);
}

Result<time::WallTime> parse_wall(std::string_view text) {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int nanos = 0;
    std::string_view rest = text;
    const bool shaped = take(rest, 4, "-", year) && take(rest, 2, "-", month) &&
                        take(rest, 2, "T", day) && take(rest, 2, ":", hour) &&
                        take(rest, 2, ":", minute) && take(rest, 2, "", second) &&
                        take_fraction(rest, nanos);
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    const bool fits =
        date.ok() && year >= 1970 && year <= 2200 && hour < 24 && minute < 60 && second < 60;
    if (!shaped || !fits) {
        return fail(Errc::kInvalid, in_quotes(text) + " is no moment of the years 1970 to 2200; " +
                                        std::string(kShape) + " would be right");
    }
    const auto since_epoch = std::chrono::sys_days(date).time_since_epoch();
    return time::WallTime(since_epoch + hour * 1h + minute * 1min + second * 1s + nanos * 1ns);
}

}  // namespace

Result<time::Interval> parse_moment(std::string_view text) {
    std::size_t sign = text.find("±");
    std::size_t sign_bytes = std::string_view("±").size();
    if (sign == std::string_view::npos) {
        sign = text.find("+-");
        sign_bytes = 2;
    }
    const time::WallTime wall = TRY(parse_wall(text.substr(0, sign)));
    if (sign == std::string_view::npos) {
        return time::Interval::exactly(wall);
    }
    const time::Duration epsilon =
        TRY(parse_span(text.substr(sign + sign_bytes), {time::Duration(0), 24h}));
    return time::Interval::around(wall, epsilon);
}

}  // namespace distkv::distkv
