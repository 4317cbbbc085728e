#include "time/duration_text.h"

#include <gtest/gtest.h>

namespace distkv::time {
namespace {

TEST(DurationText, Writes) {
    const struct {
        Duration duration;
        std::string_view text;
    } cases[] = {
        {0s, "0s"},
        {7ns, "7ns"},
        {98us, "98us"},
        {1500ns, "1.5us"},
        {120ms, "120ms"},
        {-3250us, "-3.25ms"},
        {1500ms, "1.5s"},
        {90s, "1.5min"},
        {3600s, "1h"},
        {1234567ns, "1.234ms"},
        {999999ns, "999.999us"},
        {Duration::max(), "2562047.788h"},
        {Duration::min(), "-2562047.788h"},
    };
    for (const auto& [duration, text] : cases) {
        EXPECT_EQ(to_text(duration), text);
    }
}

TEST(DurationText, Reads) {
    const struct {
        std::string_view text;
        Duration duration;
    } cases[] = {{"250ms", 250ms}, {"1.5s", 1500ms}, {"10m", 10min}, {"10min", 10min},
                 {"2h", 2h},       {"0s", 0s},       {"7ns", 7ns},   {"0.5us", 500ns}};
    for (const auto& [text, duration] : cases) {
        EXPECT_EQ(parse_duration(text).value(), duration) << text;
    }
    for (const std::string_view text :
         {"", "5", "ms", "-5ms", ".5s", "5.s", "1.2.3s", "5 ms", "5days", "1e3s",
          "9999999999999999999999s", "10000000h", "99999999999999999999999999999999s"}) {
        EXPECT_FALSE(parse_duration(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace distkv::time
