#include "distkv/number_text.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "time/duration_text.h"

namespace distkv::distkv {

std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string fixed_decimals(double number, int decimals) {
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
    return text.data();
}

std::string kilometres(double metres) {
    return grouped(static_cast<std::uint64_t>(metres / 1000)) + " km";
}

std::string counted(std::uint64_t number, const char* noun) {
    return grouped(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string short_text(time::Duration duration) {
    using namespace std::chrono_literals;
    // Keeps one decimal of the unit that to_text() will choose.
    std::int64_t step = 1;
    for (const time::Duration unit :
         {time::Duration(1us), time::Duration(1ms), time::Duration(1s)}) {
        if (std::llabs(duration.count()) >= unit.count()) {
            step = unit.count() / 10;
        }
    }
    const std::int64_t half = duration.count() < 0 ? -step / 2 : step / 2;
    const time::Duration rounded((duration.count() + half) / step * step);
    if (std::llabs(rounded.count()) < time::Duration(1min).count()) {
        return time::to_text(rounded);
    }
    const std::int64_t minutes = rounded / 1min;
    const std::int64_t seconds = std::llabs((rounded % 1min) / 1s);
    return std::to_string(minutes) + "m" + (seconds < 10 ? "0" : "") + std::to_string(seconds) +
           "s";
}

}  // namespace distkv::distkv
