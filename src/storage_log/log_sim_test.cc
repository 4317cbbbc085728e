// The log on a simulated disk that fails in every way it can, against a model: after each crash
// what was acknowledged is there, byte for byte, and what was refused is not.
#include <algorithm>
#include <deque>
#include <memory>

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "base/rng.h"
#include "sim/planet.h"
#include "storage_log/log_model_test.h"

namespace distkv::storage_log::test {
namespace {

using base::Errc;
using base::Result;
using world::Task;
using world::World;

constexpr std::uint64_t kGroups = 5;

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kSeeds = 40;
#else
constexpr std::uint64_t kSeeds = 500;
#endif

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

struct Faults {
    std::uint32_t write_error_ppm = 0;
    std::uint32_t read_error_ppm = 0;
    bool full = false;
    bool flips = false;
    bool in_a_write = false;  // Crashes come in the middle of one.
};

struct Sums {
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;
    std::uint64_t restarts = 0;
    std::uint64_t damaged = 0;
    std::uint64_t repaired = 0;
    std::uint64_t unnamed = 0;
    std::uint64_t freed = 0;
    std::uint64_t copied = 0;
    std::uint64_t behind = 0;
    std::uint64_t tails_cut = 0;
    std::uint64_t unacknowledged_kept = 0;
};

// One node with a log, its load, its troubles, and what its log ought to hold.
class Rig {
public:
    explicit Rig(std::uint64_t seed) : rng_(seed) {
        faults_ = {.write_error_ppm = rng_.chance(300'000) ? 3'000U : 0,
                   .read_error_ppm = rng_.chance(300'000) ? 20'000U : 0,
                   .full = rng_.chance(400'000),
                   .flips = rng_.chance(400'000),
                   .in_a_write = rng_.chance(500'000)};
        options_.segment_bytes = 512U << rng_.below(8);
        options_.batch_bytes = 64U << rng_.below(10);
        options_.zeros_ahead = rng_.below(2) * 500;
        options_.cache_bytes = rng_.below(3) * 2000;
        options_.behind_bytes = rng_.below(2) * rng_.below(1000);
        body_bytes_max_ = 1 + rng_.below(rng_.chance(200'000) ? 4000 : 200);
        idle_load_ = rng_.chance(500'000);
        load_every_ = rng_.chance(300'000) ? 20'000 : 400'000;  // Nanoseconds; the disk is slower.
        sim::Weather weather = sim::Weather::calm();
        weather.disk_write_error_ppm = faults_.write_error_ppm;
        weather.disk_read_error_ppm = faults_.read_error_ppm;
        weather.sector_bytes = rng_.chance(500'000) ? 512 : 64;
        planet_ = std::make_unique<sim::Planet>(sim::PlanetOptions{.seed = seed,
                                                                   .sites = {{"here", {}}},
                                                                   .length = 2s,
                                                                   .heal_percent = 99,
                                                                   .weather = weather,
                                                                   .reactors_per_node = 1},
                                                [this](World& world) { return program(world); });
        schedule_trouble();
    }

    void run() {
        planet_->run([this] { return failure_.has_value(); });
        if (!failure_ && sums_.restarts == 0) {
            failure_ = "nothing ever crashed";
        }
    }

    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
    [[nodiscard]] const Sums& sums() const { return sums_; }

private:
    struct Pending {
        std::vector<Record> records;
        std::uint64_t number;
    };

    void fail(const std::string& what) {
        if (!failure_) {
            failure_ = "at " +
                       number(static_cast<std::uint64_t>(
                           time::to_micros(planet_->stage().now().time_since_epoch()))) +
                       " us: " + what;
        }
    }

    // ---- trouble

    sim::Node& node() { return planet_->node({1}); }
    void later(time::Duration span, std::function<void()> act) {
        planet_->stage().events.schedule_in(span, std::move(act));
    }
    void schedule_trouble() {
        later(time::Duration(rng_.between(1'000'000, 200'000'000)), [this] {
            trouble();
            schedule_trouble();
        });
    }

    void trouble() {
        if (!node().up()) {
            node().start();
            return;
        }
        if (faults_.full && rng_.chance(400'000)) {
            node().disk().set_full(true);
            later(time::Duration(rng_.between(0, 1'000'000'000)),
                  [this] { node().disk().set_full(false); });
            return;
        }
        if (faults_.flips && rng_.chance(500'000)) {
            flip_when_idle();
            return;
        }
        crash();
    }

    void crash() {
        if (faults_.in_a_write && rng_.chance(700'000)) {
            node().disk().on_next_write([this] {
                later(time::Duration(rng_.between(0, 150'000)), [this] { crash_now(); });
            });
        } else {
            crash_now();
        }
    }

    void crash_now() {
        if (node().up()) {
            log_ = nullptr;
            rng_.chance(200'000) ? node().kill() : node().crash();
        }
        later(1ms, [this] {
            node().disk().set_full(false);
            if (!node().up()) {
                node().start();
            }
        });
    }

    // Damage at rest: what stands on the disk has been covered.
    void flip_when_idle() {
        if (log_ != nullptr && log_->idle() && node().disk().flip_bit()) {
            flipped_ = true;
            if (rng_.chance(700'000)) {
                crash_now();
            }
        }
    }

    // ---- the node

    Task<void> program(World& world) {
        ++sums_.restarts;
        auto opened = co_await Log::open(world, options_);
        if (!opened) {
            co_return;  // The disk fails just now; trouble starts the node again.
        }
        Log& log = **opened;
        sums_.tails_cut += log.recovery().tail_bytes_cut > 0 ? 1 : 0;
        world::Scope scope(world.scheduler());
        bool broken = false;
        world::Signal ended(world.scheduler());
        scope.spawn("log", watch(log, broken, ended));
        co_await settle_after_restart(log);
        log_ = &log;
        scope.spawn("load", load(world, log));
        while (!broken) {
            co_await ended.wait();
        }
        log_ = nullptr;
        sums_.freed += log.counts().segments_freed;
        sums_.copied += log.counts().records_copied;
        sums_.behind += log.counts().blocks_behind;
    }

    static Task<void> watch(Log& log, bool& broken, world::Signal& ended) {
        static_cast<void>(co_await log.run());
        broken = true;
        ended.wake_all();
    }

    // Some number of the writes that nobody heard about may be there, in order.
    Task<void> settle_after_restart(Log& log) {
        const bool damaged = !log.recovery().damage.empty();
        sums_.damaged += damaged ? 1 : 0;
        if (damaged && !flipped_) {
            fail("claims damage where there is none: " + to_string(log.recovery().damage.front()));
            co_return;
        }
        std::optional<std::string> first_difference;
        for (;;) {
            const auto different = co_await first_that_differs(log, !damaged);
            if (!different) {
                break;
            }
            first_difference = first_difference ? first_difference : different;
            if (pending_.empty()) {
                fail("after a restart: " + *first_difference);
                co_return;
            }
            accept(pending_.front().records);
            pending_.pop_front();
            ++sums_.unacknowledged_kept;
        }
        pending_.clear();
        hoped_ = sure_;
        if (damaged) {
            co_await repair(log);
        }
    }

    // Damage that is reported excuses the groups that it names.
    Task<std::optional<std::string>> first_that_differs(Log& log, bool strict) {
        for (std::uint64_t id = 1; id <= kGroups; ++id) {
            const GroupLog* const group = log.find({id});
            const bool excused = !strict && (log.recovery().anyone_may_have_lost() ||
                                             (group != nullptr && !group->is_whole()));
            const auto different = co_await difference(log, {id}, sure_);
            if (different && !excused) {
                co_return different;
            }
        }
        co_return std::nullopt;
    }

    // As a replica would do with what its peers have.
    Task<void> repair(Log& log) {
        sums_.unnamed += log.recovery().anyone_may_have_lost() ? 1 : 0;
        for (std::uint64_t id = 1; id <= kGroups; ++id) {
            if (!co_await difference(log, {id}, sure_)) {
                continue;
            }
            ++sums_.repaired;
            std::vector<Record> records{forget({id})};
            if (const auto found = sure_.groups.find({id}); found != sure_.groups.end()) {
                const ModelGroup& group = found->second;
                records.push_back(cut({id}, group.cut.index, group.cut.term));
                records.push_back(hard_state({id}, group.hard_state));
                for (const auto& [index, value] : group.entries) {
                    records.push_back(entry({id}, index, value.first, value.second));
                }
                for (const auto& [index, value] : group.notes) {
                    records.push_back(note({id}, index, value));
                }
            }
            const auto written = co_await log.write(records);
            if (!written) {
                co_return;  // Next time.
            }
            if (const auto different = co_await difference(log, {id}, sure_)) {
                fail("after a repair: " + *different);
            }
        }
        log.damage_is_settled();
    }

    // ---- load

    Task<void> load(World& world, Log& log) {
        for (;;) {
            const bool pause = idle_load_ && rng_.chance(50'000);
            co_await world.sleep_for(
                time::Duration(rng_.between(0, pause ? 200'000'000 : load_every_)));
            if (rng_.chance(30'000)) {
                co_await check_reads(log);
            } else if (pending_.size() < 30) {
                submit(log);
            }
        }
    }

    void submit(Log& log) {
        std::vector<Record> records;
        for (std::uint64_t count = 1 + rng_.below(4); count > 0; --count) {
            records.push_back(random_record({1 + rng_.below(kGroups)}));
            hoped_.apply(records.back());
        }
        const std::uint64_t id = ++submitted_;
        pending_.push_back({records, id});
        log.submit(std::move(records),
                   [this, id](const Result<void>& answer) { take(id, answer); });
    }

    Record random_record(GroupId group) {
        const auto found = hoped_.groups.find(group);
        const ModelGroup now = found == hoped_.groups.end() ? ModelGroup() : found->second;
        const std::uint64_t term = 1 + rng_.below(50);
        switch (rng_.below(group.value == 1 ? 40 : 16)) {  // Group 1 seldom cuts: a laggard.
            case 0:
                return truncate(group, now.cut.index + 1 + rng_.below(1 + now.entries.size()));
            case 1:
            case 2: {
                const std::uint64_t to = now.cut.index + rng_.below(1 + now.entries.size());
                const auto at = now.entries.find(to);
                return at == now.entries.end() ? cut(group, now.cut.index, now.cut.term)
                                               : cut(group, to, at->second.first);
            }
            case 3:
                return hard_state(group, {term, rng_.below(4), rng_.below(100)});
            case 4:
                return note(group, rng_.below(3), rng_.chance(300'000) ? "" : body());
            case 5:
                if (rng_.chance(100'000)) {
                    return forget(group);
                }
                [[fallthrough]];
            default: {
                const std::uint64_t back = rng_.chance(50'000) ? rng_.below(5) : 0;
                const std::uint64_t last = now.last();
                return entry(group, std::max(now.cut.index, last - std::min(back, last)) + 1, term,
                             body());
            }
        }
    }

    base::Bytes body() {
        return base::Bytes(rng_.below(body_bytes_max_), static_cast<char>('a' + rng_.below(26)));
    }

    void accept(const std::vector<Record>& records) {
        for (const Record& record : records) {
            sure_.apply(record);
        }
    }

    void take(std::uint64_t id, const Result<void>& answer) {
        if (!answer && answer.error().code == Errc::kUnknown) {
            return;  // Nobody knows; it stays pending.
        }
        if (pending_.empty() || pending_.front().number != id) {
            fail("an answer out of order");
            return;
        }
        if (answer) {
            ++sums_.acknowledged;
            accept(pending_.front().records);
            pending_.pop_front();
        } else if (answer.error().code == Errc::kFull) {
            ++sums_.refused;
            pending_.pop_front();
            if (pending_.empty()) {
                hoped_ = sure_;
            }
        } else {
            fail("an answer that the log does not give: " + to_string(answer.error()));
        }
    }

    // However busy, and however slow its slowest group, it gives space back.
    void check_size(const Log& log) {
        const std::uint64_t block = options_.batch_bytes + 8 * (body_bytes_max_ + 200);
        const std::uint64_t allowed =
            5 * log.bytes_live() + 10 * options_.segment_bytes + 40 * block;
        if (log.bytes() > allowed && log.recovery().damage.empty() && !faults_.full) {
            fail("the log has " + number(log.bytes()) + " bytes for " + number(log.bytes_live()) +
                 " that are needed");
        }
    }

    Task<void> check_reads(Log& log) {
        check_size(log);
        const GroupId id{1 + rng_.below(kGroups)};
        const auto found = sure_.groups.find(id);
        if (found == sure_.groups.end() || found->second.entries.empty()) {
            co_return;
        }
        const std::uint64_t first = found->second.entries.begin()->first;
        const IndexRange range{first, found->second.last()};
        const auto read = co_await log.read(id, range, rng_.below(5000));
        if (!read) {
            const Errc code = read.error().code;
            // The log went on meanwhile, or the disk could not read, or somebody flipped a bit.
            if (code == Errc::kCorrupt && !flipped_ && faults_.read_error_ppm == 0) {
                fail("a read failed: " + to_string(read.error()));
            }
            co_return;
        }
        std::uint64_t next = first;
        for (const Record& record : *read) {
            if (record.group != id || record.index != next++) {
                fail("a read came back out of order");
            }
        }
    }

    base::Rng rng_;
    Faults faults_;
    LogOptions options_;
    std::size_t body_bytes_max_ = 0;
    bool idle_load_ = false;
    std::int64_t load_every_ = 0;
    std::unique_ptr<sim::Planet> planet_;
    Log* log_ = nullptr;
    bool flipped_ = false;

    Model sure_;                   // All that was acknowledged.
    Model hoped_;                  // And all that was handed in.
    std::deque<Pending> pending_;  // Handed in; nobody has heard.
    std::uint64_t submitted_ = 0;
    std::optional<std::string> failure_;
    Sums sums_;
};

void add(Sums& to, const Sums& more) {
    to.acknowledged += more.acknowledged;
    to.refused += more.refused;
    to.restarts += more.restarts;
    to.damaged += more.damaged;
    to.repaired += more.repaired;
    to.unnamed += more.unnamed;
    to.freed += more.freed;
    to.copied += more.copied;
    to.behind += more.behind;
    to.tails_cut += more.tails_cut;
    to.unacknowledged_kept += more.unacknowledged_kept;
}

std::optional<std::string> first_failure(std::uint64_t seeds, Sums& sums) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Rig rig(seed);
        rig.run();
        add(sums, rig.sums());
        if (rig.failure()) {
            return "seed " + number(seed) + " " + *rig.failure();
        }
    }
    return std::nullopt;
}

TEST(LogSim, HoldsWhatItAcknowledgedThroughEveryFault) {
    Sums sums;
    EXPECT_EQ(first_failure(kSeeds, sums), std::nullopt);
    std::printf(
        "acknowledged %llu, refused %llu, restarts %llu, tails cut %llu, unacknowledged kept %llu, "
        "damaged %llu (unnamed %llu, repaired groups %llu), segments freed %llu, copied %llu\n",
        static_cast<unsigned long long>(sums.acknowledged),
        static_cast<unsigned long long>(sums.refused),
        static_cast<unsigned long long>(sums.restarts),
        static_cast<unsigned long long>(sums.tails_cut),
        static_cast<unsigned long long>(sums.unacknowledged_kept),
        static_cast<unsigned long long>(sums.damaged),
        static_cast<unsigned long long>(sums.unnamed),
        static_cast<unsigned long long>(sums.repaired), static_cast<unsigned long long>(sums.freed),
        static_cast<unsigned long long>(sums.copied));
    // The swarm has seen everything that it is there for.
    EXPECT_GT(sums.acknowledged, 2000 * kSeeds);
    EXPECT_GT(sums.restarts, 10 * kSeeds);
    EXPECT_GT(sums.refused, kSeeds);
    EXPECT_GT(sums.tails_cut, kSeeds / 2);
    EXPECT_GT(sums.unacknowledged_kept, kSeeds / 2);
    EXPECT_GT(sums.damaged, kSeeds / 4);
    EXPECT_GT(sums.repaired, kSeeds / 10);
    EXPECT_GT(sums.copied, 5 * kSeeds);
    EXPECT_GT(sums.behind, 5 * kSeeds);
}

#if DISTKV_MUTANTS
class LogMutants : public testing::TestWithParam<const char*> {};

TEST_P(LogMutants, AreFound) {
    const base::PlantedBug bug(GetParam());
    Sums sums;
    const auto failure = first_failure(500, sums);
    ASSERT_TRUE(failure.has_value());
    std::printf("%s: %s\n", GetParam(), failure->c_str());
}

INSTANTIATE_TEST_SUITE_P(Planted, LogMutants,
                         testing::Values("log_skips_sync", "log_takes_damage_for_tail"));
#endif

}  // namespace
}  // namespace distkv::storage_log::test
