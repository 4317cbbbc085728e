#include "shard/blob_machine.h"

#include <deque>
#include <functional>

#include <gtest/gtest.h>

#include "sim/planet.h"

namespace distkv::shard {
namespace {

using base::Bytes;
using base::Errc;
using base::Result;
using sim::Planet;
using world::Task;
using world::World;
using namespace std::chrono_literals;

// All that was written, one behind the other.
class Scroll : public BlobMachine {
public:
    using BlobMachine::BlobMachine;

    [[nodiscard]] const Bytes& text() const { return text_; }

    // The entry `index` in term 1, with this body.
    void write(std::uint64_t index, const Bytes& body) {
        const raft::Entry entry{index, 1, raft::EntryKind::kNormal, raft::Body(body)};
        const Mark after{.at = {index, 1}, .membership = mark().membership};
        EXPECT_TRUE(BlobMachine::apply({&entry, 1}, after).has_value());
    }

protected:
    void clear() override { text_.clear(); }
    void apply(const raft::Entry& entry) override { text_ += entry.body.view(); }
    [[nodiscard]] Bytes encode() const override { return text_; }
    Result<void> decode(base::ByteView state) override {
        text_ = state;
        return {};
    }

private:
    Bytes text_;
};

class Pieces : public Sink, public Source {
public:
    Task<Result<void>> write(Bytes piece) override {
        pieces_.push_back(std::move(piece));
        co_return Result<void>();
    }
    Task<Result<Bytes>> read(std::size_t bytes_max) override {
        Bytes piece;
        if (!pieces_.empty()) {
            piece = std::move(pieces_.front());
            pieces_.pop_front();
        }
        EXPECT_LE(piece.size(), bytes_max);
        co_return piece;
    }
    std::deque<Bytes>& pieces() { return pieces_; }

private:
    std::deque<Bytes> pieces_;
};

constexpr const char* kPath = "groups/7";

// Runs `story` on one node, once for each of its starts.
class Bench {
public:
    using Story = std::function<Task<void>(World&)>;

    explicit Bench(Story story, std::uint64_t seed = 1)
        : planet_({.seed = seed,
                   .sites = {{"here", {0, 0}}},
                   .length = 20s,
                   .weather = sim::Weather::calm(),
                   .reactors_per_node = 1},
                  [this, story = std::move(story)](World& world) -> Task<void> {
                      co_await story(world);
                      ++told_;
                      for (;;) {
                          co_await world.sleep_for(1h);
                      }
                  }) {}

    // How often the story came to its end.
    int run() {
        planet_.run();
        return told_;
    }
    sim::Node& node() { return planet_.node({1}); }
    void at(time::Duration when, std::function<void()> act) {
        planet_.stage().events.schedule_in(when, std::move(act));
    }

private:
    int told_ = 0;
    Planet planet_;
};

Mark mark_at(std::uint64_t index) {
    return {.at = {index, 1}, .membership = {}};
}

TEST(BlobMachine, OneThatNeverWasIsEmpty) {
    Bench bench([](World& world) -> Task<void> {
        Scroll scroll(world, kPath);
        EXPECT_EQ((co_await scroll.open()).value(), Mark());
        EXPECT_EQ(scroll.text(), "");
    });
    EXPECT_EQ(bench.run(), 1);
}

TEST(BlobMachine, WhatWasFlushedIsThereAgain) {
    Bench bench([](World& world) -> Task<void> {
        Scroll scroll(world, kPath);
        EXPECT_TRUE((co_await scroll.open()).has_value());
        scroll.write(5, "one ");
        scroll.write(6, "two ");
        EXPECT_EQ((co_await scroll.flush()).value(), mark_at(6));
        scroll.write(7, "three ");  // Not flushed.
        EXPECT_EQ(scroll.mark(), mark_at(7));

        Scroll again(world, kPath);
        EXPECT_EQ((co_await again.open()).value(), mark_at(6));
        EXPECT_EQ(again.text(), "one two ");
        // Opening forgets what was not flushed.
        EXPECT_EQ((co_await scroll.open()).value(), mark_at(6));
        EXPECT_EQ(scroll.text(), "one two ");
    });
    EXPECT_EQ(bench.run(), 1);
}

TEST(BlobMachine, MembershipAndNoopsMoveTheMarkAlone) {
    Bench bench([](World& world) -> Task<void> {
        Scroll scroll(world, kPath);
        EXPECT_TRUE((co_await scroll.open()).has_value());
        const raft::Membership members{.voters = {{.id = {1}}}};
        const std::vector<raft::Entry> entries = {
            {1, 1, raft::EntryKind::kNoop, {}},
            {2, 1, raft::EntryKind::kMembership, raft::Body(members.encode())}};
        const Mark after{.at = {2, 1}, .membership = members};
        Machine& machine = scroll;
        EXPECT_TRUE(machine.apply(entries, after).has_value());
        EXPECT_EQ(scroll.text(), "");
        EXPECT_EQ((co_await scroll.flush()).value(), after);
        Scroll again(world, kPath);
        EXPECT_EQ((co_await again.open()).value(), after);
    });
    EXPECT_EQ(bench.run(), 1);
}

TEST(BlobMachine, AfterACrashAtAnyMomentItHoldsWhatWasFlushedOrLater) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        std::uint64_t flushed = 0;
        std::uint64_t written = 0;
        int starts = 0;
        Bench bench(
            [&](World& world) -> Task<void> {
                Scroll scroll(world, kPath);
                const auto mark = co_await scroll.open();
                EXPECT_TRUE(mark.has_value());
                if (++starts > 1) {
                    EXPECT_GE(mark->at.index, flushed) << "seed " << seed;
                    EXPECT_LE(mark->at.index, written) << "seed " << seed;
                    EXPECT_EQ(scroll.text(), Bytes(mark->at.index, 'x'));
                    co_return;
                }
                for (;;) {
                    scroll.write(++written, "x");
                    flushed = (co_await scroll.flush()).value().at.index;
                }
            },
            seed);
        const time::Duration crash_after = 100us + time::Duration(170us) * seed;
        bench.at(crash_after, [&bench] { bench.node().crash(); });
        bench.at(crash_after + 1s, [&bench] { bench.node().start(); });
        EXPECT_EQ(bench.run(), 1);
        EXPECT_EQ(starts, 2);
    }
}

TEST(BlobMachine, ASavedStateIsLoadedElsewhere) {
    const Bytes large(std::size_t{600} << 10, 'x');  // In three pieces.
    Bench bench([&large](World& world) -> Task<void> {
        Scroll from(world, kPath);
        EXPECT_TRUE((co_await from.open()).has_value());
        from.write(5, large);
        Pieces pieces;
        EXPECT_EQ((co_await from.save(pieces)).value(), mark_at(5));
        EXPECT_EQ(pieces.pieces().size(), 3U);

        Scroll to(world, "groups/8");
        EXPECT_TRUE((co_await to.open()).has_value());
        to.write(3, "old");
        EXPECT_TRUE((co_await to.load(pieces, mark_at(5))).has_value());
        EXPECT_EQ(to.mark(), mark_at(5));
        EXPECT_EQ(to.text(), large);
        // It is durable without a flush.
        Scroll again(world, "groups/8");
        EXPECT_EQ((co_await again.open()).value(), mark_at(5));
        EXPECT_EQ(again.text(), large);
    });
    EXPECT_EQ(bench.run(), 1);
}

TEST(BlobMachine, OfTheWrongMomentOrCutShortItIsRefused) {
    Bench bench([](World& world) -> Task<void> {
        Scroll from(world, kPath);
        from.write(5, "new");
        for (const bool cut : {false, true}) {
            Pieces pieces;
            EXPECT_TRUE((co_await from.save(pieces)).has_value());
            if (cut) {
                pieces.pieces().back().pop_back();
            }
            Scroll to(world, cut ? "groups/8" : "groups/9");
            EXPECT_TRUE((co_await to.open()).has_value());
            to.write(3, "old");
            EXPECT_TRUE((co_await to.flush()).has_value());
            const auto loaded = co_await to.load(pieces, mark_at(cut ? 5 : 6));
            EXPECT_EQ(loaded.error().code, Errc::kCorrupt);
            // What is on the disk has not changed, nor what is in memory.
            EXPECT_EQ(to.text(), "old");
            EXPECT_EQ(to.mark(), mark_at(3));
            EXPECT_EQ((co_await to.open()).value(), mark_at(3));
            EXPECT_EQ(to.text(), "old");
        }
    });
    EXPECT_EQ(bench.run(), 1);
}

// Any bit, and whatever it does to the lengths before the checksum.
TEST(BlobMachine, ADamagedFileIsCorrupt) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        Bench bench(
            [seed](World& world) -> Task<void> {
                Scroll scroll(world, kPath);
                scroll.write(5, "some text");
                EXPECT_TRUE((co_await scroll.flush()).has_value());
                co_await world.sleep_for(5s);
                Scroll damaged(world, kPath);
                const auto opened = co_await damaged.open();
                EXPECT_FALSE(opened.has_value()) << "seed " << seed;
                if (!opened) {
                    EXPECT_EQ(opened.error().code, Errc::kCorrupt);
                }
            },
            seed);
        bench.at(2s, [&bench] { EXPECT_TRUE(bench.node().disk().flip_bit()); });
        EXPECT_EQ(bench.run(), 1);
    }
}

TEST(BlobMachine, DestroyedItLeavesNothingAndMayBeDestroyedAgain) {
    Bench bench([](World& world) -> Task<void> {
        Scroll scroll(world, kPath);
        EXPECT_TRUE((co_await scroll.destroy()).has_value());  // It never was.
        scroll.write(5, "text");
        EXPECT_TRUE((co_await scroll.flush()).has_value());
        for (int i = 0; i < 2; ++i) {
            EXPECT_TRUE((co_await scroll.destroy()).has_value());
            EXPECT_EQ(scroll.text(), "");
            EXPECT_EQ(scroll.mark(), Mark());
            const auto names = co_await world.disk().list("groups");
            EXPECT_TRUE(!names || names->empty());
        }
        EXPECT_EQ((co_await scroll.open()).value(), Mark());
    });
    EXPECT_EQ(bench.run(), 1);
}

}  // namespace
}  // namespace distkv::shard
