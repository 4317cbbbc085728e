#include "os/clock_sources.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/codec.h"
#include "os/testbed_test.h"

namespace distkv::os::test {
namespace {

using base::Bytes;
using base::Errc;

class ClockSources : public testing::Test {
protected:
    ClockSources() {
        options.clockbound_segment = directory.path("shm0");
        options.chronyc = directory.path("chronyc");
        options.timesyncd_folder = directory.path("timesync");
        options.vmclock_device = directory.path("vmclock0");
    }

    void write(const std::string& name, const Bytes& bytes) const {
        std::ofstream(directory.path(name), std::ios::binary) << bytes;
    }
    void write_chronyc(const std::string& script) const {
        write("chronyc", "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(directory.path("chronyc"), std::filesystem::perms::owner_all);
    }
    static Bytes segment(std::uint16_t generation) {
        base::Encoder out;
        out.raw({"\x41\x4d\x5a\x4e\x43\x42\x02\x00", 8});
        out.fixed(std::uint32_t{80});
        out.fixed(std::uint16_t{2});
        out.fixed(generation);
        for (const std::uint64_t word : {100ULL, 5ULL, 2000ULL, 0ULL, 250'000ULL, 7ULL}) {
            out.fixed(word);
        }
        out.fixed(std::uint32_t{50'000});
        out.fixed(std::uint32_t{1});
        out.fixed(std::uint64_t{1});
        return std::move(out).take();
    }

    TemporaryDirectory directory;
    ClockSourceOptions options;
};

TEST_F(ClockSources, WhatIsNotThereSaysSo) {
    const time::ClockReadings readings = read_clock_sources(options);
    EXPECT_EQ(readings.clockbound.error().code, Errc::kNotFound);
    EXPECT_TRUE(readings.clockbound.error().detail.ends_with("shm0: No such file or directory"));
    EXPECT_EQ(readings.chrony.error().code, Errc::kNotFound);
    EXPECT_FALSE(readings.disruption_marker);
    if (readings.kernel) {
        EXPECT_FALSE(readings.kernel->timesyncd_seen);
        EXPECT_GE(readings.kernel->error_max, 0ns);
    }
}

TEST_F(ClockSources, TheClockBoundSegmentIsRead) {
    write("shm0", segment(2));
    const auto readings = read_clock_sources(options);
    ASSERT_TRUE(readings.clockbound) << readings.clockbound.error().detail;
    EXPECT_EQ(readings.clockbound->bound, 250us);
    EXPECT_EQ(readings.clockbound->as_of, time::MonoTime(100s + 5ns));
}

TEST_F(ClockSources, ASegmentThatIsNeverFinishedIsNotWaitedForForEver) {
    write("shm0", segment(3));
    EXPECT_EQ(read_clock_sources(options).clockbound.error().code, Errc::kRetry);
    write("shm0", "short");
    EXPECT_EQ(read_clock_sources(options).clockbound.error().code, Errc::kCorrupt);
}

TEST_F(ClockSources, ChronyIsAsked) {
    write_chronyc(
        R"([ "$*" = "-c tracking" ] && echo A9FEA97B,169.254.169.123,4,1700000000.1,)"
        "0.000012345,-0.000004001,0.0001,-12.345,0.001,0.050,0.00048,0.00023,16.1,Normal");
    const auto readings = read_clock_sources(options);
    ASSERT_TRUE(readings.chrony) << readings.chrony.error().detail;
    EXPECT_EQ(readings.chrony->stratum, 4U);
    EXPECT_GT(readings.chrony->read_at, time::MonoTime());
}

TEST_F(ClockSources, AChronyThatFailsSaysWhy) {
    write_chronyc("echo 506 Cannot talk to daemon; exit 1");
    const auto failed = read_clock_sources(options);
    EXPECT_TRUE(failed.chrony.error().detail.ends_with("failed: 506 Cannot talk to daemon"));
    write_chronyc("yes");  // For ever, and a lot.
    options.chronyc_limit = 50ms;
    EXPECT_EQ(read_clock_sources(options).chrony.error().code, Errc::kRetry);
}

TEST_F(ClockSources, AChronyThatHangsIsKilled) {
    write_chronyc("exec tail -f /dev/null");
    options.chronyc_limit = 50ms;
    const std::size_t descriptors = open_descriptors();
    EXPECT_EQ(read_clock_sources(options).chrony.error().code, Errc::kRetry);
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(ClockSources, TimesyncdAndTheVirtualMachinesMarkerAreSeen) {
    std::filesystem::create_directory(directory.path("timesync"));
    write("vmclock0", Bytes("VCLK", 4) + Bytes(12, '\0') + Bytes("\x07\0\0\0\0\0\0\0", 8));
    const auto readings = read_clock_sources(options);
    EXPECT_EQ(readings.disruption_marker, std::optional<std::uint64_t>(7));
    if (readings.kernel) {
        EXPECT_TRUE(readings.kernel->timesyncd_seen);
    }
}

}  // namespace
}  // namespace distkv::os::test
