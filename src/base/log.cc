#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace distkv::base {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug:
            return "debug";
        case LogLevel::kInfo:
            return "info";
        case LogLevel::kWarn:
            return "warn";
        case LogLevel::kError:
            return "error";
        case LogLevel::kOff:
            return "off";
    }
    return "?";
}

bool plain(char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

}  // namespace

Log::Log(LogLevel level_min, Sink sink) : level_min_(level_min), sink_(std::move(sink)) {}

void Log::debug(std::string_view event, std::initializer_list<LogField> fields) const {
    line(LogLevel::kDebug, event, fields);
}

void Log::info(std::string_view event, std::initializer_list<LogField> fields) const {
    line(LogLevel::kInfo, event, fields);
}

void Log::warn(std::string_view event, std::initializer_list<LogField> fields) const {
    line(LogLevel::kWarn, event, fields);
}

void Log::error(std::string_view event, std::initializer_list<LogField> fields) const {
    line(LogLevel::kError, event, fields);
}

void Log::line(LogLevel level, std::string_view event,
               std::initializer_list<LogField> fields) const {
    if (!wants(level) || !sink_) {
        return;
    }
    std::string text(name_of(level));
    text.append(" ").append(event);
    for (const LogField& field : fields) {
        text.append(" ").append(field.name).append("=").append(quoted_if_needed(field.value));
    }
    sink_(text);
}

std::string quoted_if_needed(std::string_view value) {
    if (!value.empty() && std::ranges::all_of(value, plain)) {
        return std::string(value);
    }
    std::string quoted = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            quoted.push_back('\\');
            quoted.push_back(c);
        } else if (c >= ' ' && c != 0x7f) {  // Bytes above 0x7f are UTF-8 and pass.
            quoted.push_back(c);
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            quoted.push_back(c);
        } else {
            char escaped[5];
            std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
            quoted.append(escaped);
        }
    }
    quoted.push_back('"');
    return quoted;
}

Log::Sink stderr_sink() {
    return [](std::string_view line) {
        std::string whole(line);
        whole.push_back('\n');
        // A log line that cannot be written has nowhere else to go.
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, whole.data(), whole.size());
    };
}

}  // namespace distkv::base
