#include "os/log_sink.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

namespace distkv::os {

std::string rfc3339(time::WallTime when) {
    const auto since = std::chrono::floor<std::chrono::microseconds>(when.time_since_epoch());
    const auto day = std::chrono::floor<std::chrono::days>(since);
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::chrono::hh_mm_ss clock(since - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return text.data();
}

base::Log::Sink stamped_sink(const world::Address& who, base::Log::Sink lines) {
    if (!lines) {
        return {};
    }
    return [name = to_string(who), lines = std::move(lines)](std::string_view line) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        std::string text = rfc3339(time::WallTime(std::chrono::nanoseconds(now)));
        text.append(" ").append(name).append(" ").append(line);
        lines(text);
    };
}

}  // namespace distkv::os
