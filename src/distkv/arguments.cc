#include "distkv/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "distkv/number_text.h"
#include "distkv/table.h"
#include "time/duration_text.h"
#include "time/saturate.h"

namespace distkv::distkv {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kQuotedMax = 60;
constexpr std::size_t kWordMax = 40;  // Longer words are never near a name of ours.

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

// Letters in another order are one slip.
std::size_t slips(std::string_view word, std::string_view candidate) {
    std::string a(word);
    std::string b(candidate);
    std::ranges::sort(a);
    std::ranges::sort(b);
    return a == b ? std::min<std::size_t>(edit_distance(word, candidate), 1)
                  : edit_distance(word, candidate);
}

}  // namespace

std::string in_quotes(std::string_view text) {
    const std::string clean = printable(text.substr(0, kQuotedMax));
    return "'" + clean + (text.size() > kQuotedMax ? "...'" : "'");
}

base::Result<std::uint64_t> parse_whole(std::string_view text, WholeRange range) {
    const std::string right = range.max == UINT64_MAX ? " would be right"
                                                      : "; " + grouped(range.min) + " to " +
                                                            grouped(range.max) + " would be right";
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) {
        return fail(Errc::kInvalid, in_quotes(text) + " is too large" +
                                        (range.max == UINT64_MAX ? "; up to 2^64-1" : "") + right);
    }
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(Errc::kInvalid, in_quotes(text) + " is not a whole number" +
                                        (range.max == UINT64_MAX ? "; something like 7" : "") +
                                        right);
    }
    if (number < range.min || number > range.max) {
        return fail(Errc::kInvalid, in_quotes(text) + " is out of range" + right);
    }
    return number;
}

base::Result<double> parse_decimal(std::string_view text, DecimalRange range) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    // Written so that a NaN is refused too.
    if (!whole || !(number >= range.min && number <= range.max)) {
        return fail(Errc::kInvalid, in_quotes(text) + " is not a number from " +
                                        fixed_decimals(range.min, 0) + " to " +
                                        fixed_decimals(range.max, 0) + "; 2.5 would be right");
    }
    return number;
}

base::Result<time::Duration> parse_span(std::string_view text, SpanRange range) {
    const auto wrong = [&](std::string_view what) {
        return fail(Errc::kInvalid, in_quotes(text) + std::string(what) + "; " +
                                        exact_text(range.min) + " to " + exact_text(range.max) +
                                        " would be right, like 250ms, 10m or 1h30m");
    };
    if (text.empty() || text.size() > kWordMax) {
        return wrong(" is not a duration");
    }
    time::Duration sum{0};
    for (std::string_view rest = text; !rest.empty();) {
        // A part ends where, after its unit, the next number begins.
        std::size_t end = 0;
        while (end < rest.size() && (is_digit(rest[end]) || rest[end] == '.')) {
            ++end;
        }
        while (end < rest.size() && !is_digit(rest[end])) {
            ++end;
        }
        const auto part = time::parse_duration(rest.substr(0, end));
        if (!part) {
            return wrong(" is not a duration");
        }
        sum = time::saturating_add(sum, *part);
        rest.remove_prefix(end);
    }
    if (sum < range.min || sum > range.max) {
        return wrong(sum < range.min ? " is too short" : " is too long");
    }
    return sum;
}

std::string exact_text(time::Duration span) {
    struct Unit {
        std::string_view name;
        std::int64_t nanos;
    };
    constexpr std::array kUnits{
        Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
        Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1}};
    if (span == time::Duration::zero()) {
        return "0s";
    }
    const auto unit = std::ranges::find_if(
        kUnits, [&](const Unit& candidate) { return span.count() % candidate.nanos == 0; });
    return std::to_string(span.count() / unit->nanos).append(unit->name);
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
    if (word.size() > kWordMax) {
        return "";
    }
    const std::string* nearest = nullptr;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t far = slips(word, candidate);
        // Who writes the beginning of a name means that name.
        const bool begun = word.size() >= 3 && candidate.starts_with(word);
        if (far < least || (begun && nearest == nullptr)) {
            nearest = &candidate;
            least = std::min(far, least);
        }
    }
    return nearest == nullptr ? "" : "did you mean '" + *nearest + "'?";
}

}  // namespace distkv::distkv
