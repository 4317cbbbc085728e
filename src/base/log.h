// Structured log lines: one event name, then fields, so that lines can be searched and counted.
//
//     log.info("became_leader", {{"shard", shard}, {"term", term}});
//     2026-11-20T10:15:00.123456Z info became_leader shard=7 term=42
//
// Log state changes, not steps; hot paths have counters. Keys and values are the user's data and
// appear at debug level only.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace distkv::base {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };

struct LogField {
    std::string_view name;
    std::string value;

    LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
    LogField(std::string_view field, const char* text) : name(field), value(text) {}
    LogField(std::string_view field, const std::string& text) : name(field), value(text) {}
    LogField(std::string_view field, bool yes) : name(field), value(yes ? "true" : "false") {}
    template <std::integral T>
    LogField(std::string_view field, T number) : name(field), value(std::to_string(number)) {}
    template <class T>
        requires requires(const T& t) { to_string(t); }
    LogField(std::string_view field, const T& thing) : name(field), value(to_string(thing)) {}
};

class Log {
public:
    // Receives the finished line without a newline. Its owner adds the time and decides the place.
    using Sink = std::function<void(std::string_view line)>;

    Log(LogLevel level_min, Sink sink);

    void debug(std::string_view event, std::initializer_list<LogField> fields) const;
    void info(std::string_view event, std::initializer_list<LogField> fields) const;
    void warn(std::string_view event, std::initializer_list<LogField> fields) const;
    void error(std::string_view event, std::initializer_list<LogField> fields) const;

    [[nodiscard]] bool wants(LogLevel level) const { return level >= level_min_; }

private:
    void line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;

    LogLevel level_min_;
    Sink sink_;
};

// "a b" becomes "\"a b\"": a field stays one word, and control bytes stay out of terminals.
std::string quoted_if_needed(std::string_view value);

// Writes whole lines to the standard error stream, one write each, so that the lines of several
// threads do not mix.
Log::Sink stderr_sink();

}  // namespace distkv::base
