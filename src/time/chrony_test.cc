#include "time/chrony.h"

#include <string>

#include <gtest/gtest.h>

#include "time/error_of.h"

namespace distkv::time {
namespace {

constexpr std::string_view kLine =
    "A9FEA97B,169.254.169.123,4,1700000000.123456789,0.000012345,-0.000004001,0.000100000,"
    "-12.345,0.001,0.050,0.000480000,0.000230000,16.1,Normal\n";

// The line with its n-th field (from 0) replaced.
std::string with_field(std::size_t index, std::string_view value) {
    std::string text;
    std::size_t field = 0;
    std::string_view left = kLine;
    for (;;) {
        const std::size_t comma = left.find(',');
        text.append(field == index ? value : left.substr(0, comma));
        if (comma == std::string_view::npos) {
            return text;
        }
        text.push_back(',');
        left.remove_prefix(comma + 1);
        ++field;
    }
}

TEST(Chrony, ReadsTheFields) {
    const ChronyReading reading = parse_chrony(kLine, MonoTime(5s)).value();
    EXPECT_EQ(reading.reference, "169.254.169.123");
    EXPECT_EQ(reading.stratum, 4U);
    EXPECT_NEAR(to_millis(reading.reference_time - WallTime(1'700'000'000s)), 123.456, 0.001);
    EXPECT_EQ(reading.offset, 12345ns);
    EXPECT_EQ(reading.root_delay, 480us);
    EXPECT_EQ(reading.root_dispersion, 230us);
    EXPECT_EQ(reading.update_interval, 16100ms);
    EXPECT_EQ(reading.leap, LeapStatus::kNormal);
    EXPECT_EQ(reading.read_at, MonoTime(5s));
    EXPECT_EQ(reading.root_distance(), 12345ns + 230us + 240us);
}

TEST(Chrony, NegativeOffsetsCountAsTheirSize) {
    const ChronyReading reading = parse_chrony(with_field(4, "-0.000012345"), MonoTime(5s)).value();
    EXPECT_EQ(reading.root_distance(), 12345ns + 230us + 240us);
}

TEST(Chrony, HalfANanosecondIsRoundedUp) {
    const ChronyReading reading = parse_chrony(with_field(10, "0.000000001"), MonoTime{}).value();
    EXPECT_EQ(reading.root_distance(), 12345ns + 230us + 1ns);
}

TEST(Chrony, UnsynchronisedIsReadAsSuch) {
    const ChronyReading reading =
        parse_chrony(
            "7F7F0101,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,"
            "0.000,1.000000000,1.000000000,0.0,Not synchronised",
            MonoTime{})
            .value();
    EXPECT_EQ(reading.leap, LeapStatus::kNotSynchronised);
    EXPECT_EQ(reading.reference, "7F7F0101");
}

TEST(Chrony, BadLinesAreCorrupt) {
    for (const std::string& line :
         {std::string(), std::string(13, ','), std::string(12, ','), std::string(14, ','),
          std::string("506 Cannot talk to daemon"), std::string(2000, 'x'), with_field(2, "-1"),
          with_field(2, "4x"), with_field(3, "yesterday"), with_field(4, "nan"),
          with_field(4, "inf"), with_field(4, "1e300"), with_field(4, ""), with_field(10, "-0.1"),
          with_field(11, "-0.1"), with_field(13, "normal"), with_field(13, "Normal,")}) {
        EXPECT_EQ(error_of(parse_chrony(line, MonoTime{})).code, base::Errc::kCorrupt) << line;
    }
}

}  // namespace
}  // namespace distkv::time
