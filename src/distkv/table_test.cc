#include "distkv/table.h"

#include <sstream>

#include <gtest/gtest.h>

#include "distkv/number_text.h"

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

TEST(Table, WidthsAreThoseOfTheScreen) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("São"), 3U);
    EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // e and a combining accent
    EXPECT_EQ(display_width("東京"), 4U);
    EXPECT_EQ(display_width("±5ms"), 4U);
    EXPECT_EQ(display_width("\xff\xc3"), 2U);  // Broken bytes take a place each.
    EXPECT_EQ(display_width(""), 0U);
}

TEST(Table, ColumnsAlign) {
    Table table({{"place"}, {"far", Align::kRight}, {"note"}});
    table.row({"東京", "10,895 km", ""});
    table.row({"São Paulo", "7 km", "near"});
    std::ostringstream out;
    table.print(out, false);
    EXPECT_EQ(out.str(),
              "place            far  note\n"
              "--------------------------\n"
              "東京       10,895 km\n"
              "São Paulo       7 km  near\n");
}

TEST(Table, ColoursDoNotMoveColumns) {
    Table table({{"a"}, {"b"}});
    table.row({{"x", Tone::kBad}, {"y", Tone::kGood}});
    table.row({"long", "z"});
    std::ostringstream out;
    table.print(out, true);
    EXPECT_NE(out.str().find("\x1b[31mx\x1b[0m     \x1b[32my\x1b[0m\n"), std::string::npos)
        << out.str();
}

TEST(Table, ControlBytesNeverReachATerminal) {
    EXPECT_EQ(printable("a\nb\x07\x1b]0;x"),
              "a?b?"
              "?]0;x");
    EXPECT_EQ(printable("Zürich"), "Zürich");
    EXPECT_EQ(printable("\xc2\x9b"), "?");  // CSI in one character.
    EXPECT_EQ(printable("cut \xe6\x9d"),
              "cut ?"
              "?");
}

TEST(NumberText, ReadsWell) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1234567), "1,234,567");
    EXPECT_EQ(counted(1, "seed"), "1 seed");
    EXPECT_EQ(counted(2000, "seed"), "2,000 seeds");
    EXPECT_EQ(kilometres(5'476'912), "5,476 km");
    EXPECT_EQ(short_text(54'479us), "54.5ms");
    EXPECT_EQ(short_text(-1'260ms), "-1.3s");
    EXPECT_EQ(short_text(1214s), "20m14s");
    EXPECT_EQ(short_text(-3600s), "-60m00s");
    EXPECT_EQ(short_text(59'999ms), "1m00s");
    EXPECT_EQ(short_text(0s), "0s");
    EXPECT_EQ(short_text(1ns), "1ns");
}

}  // namespace
}  // namespace distkv::distkv
