// From the words of a command line to values, each within its limits. The error says what was wrong
// and what would be right.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "time/instant.h"

namespace distkv::distkv {

struct WholeRange {
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
};
base::Result<std::uint64_t> parse_whole(std::string_view text, WholeRange range);

struct DecimalRange {
    double min;
    double max;
};
base::Result<double> parse_decimal(std::string_view text, DecimalRange range);

struct SpanRange {
    time::Duration min;
    time::Duration max;
};
// As configuration files write them, and several in a row: "10m", "1h30m".
base::Result<time::Duration> parse_span(std::string_view text, SpanRange range);

// The largest unit that leaves no fraction: parse_span() gives the same span back.
std::string exact_text(time::Duration span);

// "'x'", cut short: what a stranger wrote goes into messages only like this.
std::string in_quotes(std::string_view text);

// "did you mean 'gossip'?", or nothing when no candidate is near.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

}  // namespace distkv::distkv
