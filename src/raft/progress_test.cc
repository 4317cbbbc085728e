#include "raft/progress.h"

#include <functional>

#include <gtest/gtest.h>

namespace distkv::raft {
namespace {

using namespace std::chrono_literals;

constexpr time::MonoTime kStart{1s};

TEST(Progress, BeginsWithAProbe) {
    const Progress progress(7);
    EXPECT_EQ(progress.pace, Pace::kProbe);
    EXPECT_EQ(progress.match, 0U);
    EXPECT_EQ(progress.next, 7U);
    EXPECT_FALSE(progress.probe_out);
    EXPECT_EQ(progress.inflight(), 0U);
}

TEST(Progress, AnAcknowledgementFreesAllUpToIt) {
    Progress progress(1);
    progress.match = 0;
    progress.to_replicate();
    progress.sent(3, 100, kStart);
    progress.sent(5, 20, kStart + 1ms);
    progress.sent(9, 3, kStart + 2ms);
    EXPECT_EQ(progress.inflight(), 3U);
    EXPECT_EQ(progress.inflight_bytes(), 123U);
    EXPECT_EQ(progress.oldest_sent(), kStart);
    progress.acked(2);  // Not even the first as a whole.
    EXPECT_EQ(progress.inflight(), 3U);
    progress.acked(5);
    EXPECT_EQ(progress.inflight(), 1U);
    EXPECT_EQ(progress.inflight_bytes(), 3U);
    EXPECT_EQ(progress.oldest_sent(), kStart + 2ms);
    progress.acked(4);  // Late, and of nothing that is still under way.
    EXPECT_EQ(progress.inflight(), 1U);
    progress.acked(100);
    EXPECT_EQ(progress.inflight(), 0U);
    EXPECT_EQ(progress.inflight_bytes(), 0U);
}

Progress busy() {
    Progress progress(1);
    progress.match = 4;
    progress.commit_told = 3;
    progress.read_acked = 2;
    progress.heard = kStart;
    progress.lease_until = kStart + 1s;
    progress.ceiling_acked = {77};
    progress.to_replicate();
    progress.next = 9;
    progress.sent(8, 50, kStart);
    progress.probe_out = true;
    progress.fetching = 7;
    return progress;
}

TEST(Progress, EveryChangeOfPaceForgetsWhatWasUnderWay) {
    const struct {
        std::function<void(Progress&)> change;
        Pace pace;
        std::uint64_t next;
        std::uint64_t snapshot_index;
    } cases[] = {
        {[](Progress& p) { p.to_probe(6); }, Pace::kProbe, 6, 0},
        {[](Progress& p) { p.to_replicate(); }, Pace::kReplicate, 5, 0},
        {[](Progress& p) { p.to_snapshot(20); }, Pace::kSnapshot, 5, 20},
        {[](Progress& p) {
             p.to_snapshot(20);
             p.to_probe(21);
         },
         Pace::kProbe, 21, 0},
    };
    for (const auto& [change, pace, next, snapshot_index] : cases) {
        Progress progress = busy();
        change(progress);
        EXPECT_EQ(progress.pace, pace);
        EXPECT_EQ(progress.next, next);
        EXPECT_EQ(progress.snapshot_index, snapshot_index);
        EXPECT_EQ(progress.inflight(), 0U);
        EXPECT_EQ(progress.inflight_bytes(), 0U);
        EXPECT_FALSE(progress.probe_out);
        EXPECT_EQ(progress.fetching, 0U);
        // What the follower has said stays true.
        EXPECT_EQ(progress.match, 4U);
        EXPECT_EQ(progress.commit_told, 3U);
        EXPECT_EQ(progress.read_acked, 2U);
        EXPECT_EQ(progress.heard, kStart);
        EXPECT_EQ(progress.lease_until, kStart + 1s);
        EXPECT_EQ(progress.ceiling_acked, time::Hlc{77});
    }
}

TEST(Progress, PacesHaveNames) {
    EXPECT_EQ(name_of(Pace::kProbe), "probe");
    EXPECT_EQ(name_of(Pace::kReplicate), "replicate");
    EXPECT_EQ(name_of(Pace::kSnapshot), "snapshot");
}

}  // namespace
}  // namespace distkv::raft
