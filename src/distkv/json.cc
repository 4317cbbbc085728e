#include "distkv/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace distkv::distkv {
namespace {

// Boost.JSON writes 1.5 as 1.5E0, which is right and unpleasant.
void append_number(std::string& text, double number) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || !std::isfinite(number)) {
        text += "null";
        return;
    }
    text.append(digits.data(), end);
}

void append_string(std::string& text, std::string_view value) {
    text += boost::json::serialize(boost::json::string_view(value.data(), value.size()));
}

}  // namespace

void Json::append_to(std::string& text) const {
    std::visit(
        [&text](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::monostate>) {
                text += "null";
            } else if constexpr (std::is_same_v<T, bool>) {
                text += value ? "true" : "false";
            } else if constexpr (std::is_same_v<T, double>) {
                append_number(text, value);
            } else if constexpr (std::is_integral_v<T>) {
                text += std::to_string(value);
            } else if constexpr (std::is_same_v<T, std::string>) {
                append_string(text, value);
            } else if constexpr (std::is_same_v<T, Array>) {
                text += '[';
                for (std::size_t i = 0; i < value.size(); ++i) {
                    text += i == 0 ? "" : ",";
                    value[i].append_to(text);
                }
                text += ']';
            } else {
                text += '{';
                for (std::size_t i = 0; i < value.size(); ++i) {
                    text += i == 0 ? "" : ",";
                    append_string(text, value[i].first);
                    text += ':';
                    value[i].second.append_to(text);
                }
                text += '}';
            }
        },
        value_);
}

std::string Json::line() const {
    std::string text;
    append_to(text);
    return text;
}

}  // namespace distkv::distkv
