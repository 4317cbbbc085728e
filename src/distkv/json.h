// JSON for machines: a value, its text on one line, and the reading of such a line. Names keep the
// order in which they were added.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace distkv::distkv {

class Json {
public:
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;

    Json() = default;  // null
    // NOLINTBEGIN(google-explicit-constructor): members are written as plain values.
    Json(bool yes) : value_(yes) {}
    Json(std::int64_t number) : value_(number) {}
    Json(std::uint64_t number) : value_(number) {}
    Json(double number) : value_(number) {}
    Json(std::string text) : value_(std::move(text)) {}
    Json(std::string_view text) : value_(std::string(text)) {}
    Json(const char* text) : value_(std::string(text)) {}
    Json(Array items) : value_(std::move(items)) {}
    Json(Object members) : value_(std::move(members)) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] std::string line() const;

private:
    void append_to(std::string& text) const;

    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array,
                 Object>
        value_;
};

}  // namespace distkv::distkv
