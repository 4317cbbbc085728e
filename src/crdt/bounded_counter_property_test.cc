// Regions that sell, give, are cut off, declared dead rightly or wrongly, return as they were or in
// a new incarnation; and an authority as bounded_counter.h asks for. Nothing is ever sold twice.
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "base/rng.h"
#include "crdt/bounded_counter.h"
#include "crdt/escrow_row.h"
#include "crdt/replica_test.h"
#include "crdt/subject_runs_test.h"

namespace distkv::crdt {
namespace {

// What a majority keeps of each origin.
struct Record {
    Lease lease;
    bool dead = false;
    bool finished = false;  // Its region has a new incarnation, so what it did is final.
    model::VersionVector reclaims;
};

class Market {
public:
    explicit Market(std::uint64_t seed) : rng_(seed) {
        for (std::uint64_t i = 0; i < 3 + rng_.below(2); ++i) {
            replicas_.push_back(std::make_unique<Replica>(1 + i));
        }
    }

    void step() {
        Replica& at = any();
        Record& record = records_[at.origin];
        at.wait_ms(rng_.below(20));
        switch (rng_.below(9)) {
            case 0:
                grant(at);
                break;
            case 1:
            case 2:
                sell(at, record);
                break;
            case 3:
                give(at, record);
                break;
            case 4:
            case 5:
                at.pull(any());
                break;
            case 6:
                renew(at, record);
                break;
            case 7:
                reclaim(at);
                break;
            default:
                if (rng_.below(4) == 0) {
                    disaster(at, record);
                }
        }
    }

    // Of each origin its own row, as only it knows it.
    [[nodiscard]] Books truth() const {
        Books all;
        for (const auto& replica : replicas_) {
            all.rows[replica->origin] = Books::of(replica->state)->row(replica->origin);
        }
        return all;
    }

    void check_truth() {
        const Books truth = this->truth();
        ASSERT_GE(narrow(truth.value()), 0) << "sold more than there was";
        for (const auto& replica : replicas_) {
            const model::Origin& origin = replica->origin;
            ASSERT_GE(narrow(truth.rights(origin)), 0) << to_string(origin);
            ASSERT_LE(narrow(truth.used(origin)), records_[origin].lease.leased_total);
            ASSERT_GE(*bounded_value(replica->state, replica->now()), 0);
        }
    }

    void check_end() {
        for (const auto& to : replicas_) {
            for (const auto& from : replicas_) {
                to->pull(*from);
            }
        }
        Wide rights = 0;
        const Replica& first = *replicas_.front();
        for (const auto& replica : replicas_) {
            ASSERT_EQ(replica->digest_bytes(), first.digest_bytes());
            rights += bounded_rights(first.state, replica->origin, first.now())->held;
        }
        ASSERT_EQ(rights, Books::of(first.state)->value());
    }

    std::uint64_t sold = 0;
    std::uint64_t reclaimed = 0;
    std::uint64_t taken_of_finished = 0;

private:
    Replica& any() { return *replicas_[rng_.below(replicas_.size())]; }

    void grant(Replica& at) {
        if (!records_[at.origin].finished) {
            const auto amount = static_cast<std::int64_t>(1 + rng_.below(20));
            at.run([&](const KeyState& state, const Writer& writer) {
                  return bounded_increment(state, amount, writer);
              }).value();
        }
    }

    // A region that was declared dead may not know, and goes on while its lease runs.
    void sell(Replica& at, const Record& record) {
        const auto amount = static_cast<std::int64_t>(1 + rng_.below(8));
        const auto done = at.run([&](const KeyState& state, const Writer& writer) {
            return bounded_decrement(state, amount, record.lease, writer);
        });
        sold += done.has_value() ? 1 : 0;
    }

    void give(Replica& at, const Record& record) {
        const Gift gift{any().origin, static_cast<std::int64_t>(1 + rng_.below(8))};
        static_cast<void>(at.run([&](const KeyState& state, const Writer& writer) {
            return bounded_give(state, gift, record.lease, writer);
        }));
    }

    void renew(const Replica& at, Record& record) {
        if (record.dead || record.finished || !at.seen.covers(record.reclaims)) {
            return;
        }
        const Rights rights = *bounded_rights(at.state, at.origin, at.now());
        const std::int64_t wanted =
            record.lease.leased_total + static_cast<std::int64_t>(rng_.below(15));
        record.lease.leased_total =
            std::max(record.lease.leased_total, std::min(wanted, rights.held + rights.used));
        record.lease.expires = at.now().ahead_by(std::chrono::milliseconds(50));
    }

    void reclaim(Replica& at) {
        const Replica& from = any();
        Record& record = records_[from.origin];
        if (from.origin == at.origin || records_[at.origin].finished ||
            !(record.dead || record.finished)) {
            return;
        }
        DeadOrigin dead{from.origin, record.lease.leased_total, record.reclaims};
        dead.earlier.forget(at.origin);
        if (record.finished && !from.log.empty() && at.seen.covers(from.log.back().cell.dot)) {
            dead.leased_total = bounded_rights(at.state, from.origin, at.now())->used;
        }
        const std::size_t before = at.log.size();
        const auto done = at.run([&](const KeyState& state, const Writer& writer) {
            return bounded_reclaim(state, dead, writer);
        });
        if (at.log.size() > before) {
            record.reclaims.raise(at.log.back().cell.dot);
            reclaimed += 1;
            taken_of_finished += record.finished ? 1 : 0;
        } else if (!done.has_value()) {
            ASSERT_EQ(done.error().code, base::Errc::kRetry);
        }
    }

    void disaster(Replica& at, Record& record) {
        if (record.finished) {
            return;
        }
        if (!record.dead) {
            record.dead = true;
        } else if (rng_.below(2) == 0 || at.origin.incarnation == 3) {
            record.dead = false;  // It returns as it was.
        } else {
            record.finished = true;
            record.lease.expires = {};
            replicas_.push_back(
                std::make_unique<Replica>(at.origin.region.value, at.origin.incarnation + 1));
            replicas_.back()->pull(at);
        }
    }

    base::Rng rng_;
    std::vector<std::unique_ptr<Replica>> replicas_;
    std::map<model::Origin, Record> records_;
};

TEST(BoundedCounterProperty, NothingIsSoldTwice) {
    std::uint64_t sold = 0;
    std::uint64_t reclaimed = 0;
    std::uint64_t of_finished = 0;
    constexpr std::uint64_t kMarkets = 5 * test::kSeeds;
    for (std::uint64_t seed = 1; seed <= kMarkets; ++seed) {
        SCOPED_TRACE(seed);
        Market market(seed);
        for (int i = 0; i < 300; ++i) {
            market.step();
            market.check_truth();
            ASSERT_FALSE(testing::Test::HasFatalFailure());
        }
        market.check_end();
        ASSERT_FALSE(testing::Test::HasFatalFailure());
        sold += market.sold;
        reclaimed += market.reclaimed;
        of_finished += market.taken_of_finished;
    }
    EXPECT_GT(sold, 5 * kMarkets);
    EXPECT_GT(reclaimed, kMarkets);
    EXPECT_GT(of_finished, kMarkets / 10);
}

#if DISTKV_MUTANTS
TEST(BoundedCounterProperty, PlantedReclaimIsCaught) {
    const base::PlantedBug planted("crdt_reclaims_slice");
    bool twice = false;
    for (std::uint64_t seed = 1; seed <= 100 && !twice; ++seed) {
        Market market(seed);
        for (int i = 0; i < 300; ++i) {
            market.step();
            const Books truth = market.truth();
            for (const auto& [origin, row] : truth.rows) {
                twice = twice || truth.rights(origin) < 0;
            }
        }
    }
    EXPECT_TRUE(twice);
}
#endif

// Alone, with a lease on everything, it is a number that does not go below zero.
class BoundedSubject : public test::KeySubject {
public:
    [[nodiscard]] std::string read(const KeyState& state, time::Hlc now) const override {
        return std::to_string(*bounded_value(state, now));
    }

protected:
    test::Command next_of_type(base::Rng& rng) override {
        const bool up = rng.below(2) == 0;
        const auto amount = static_cast<std::int64_t>(rng.below(30));
        test::Run<std::int64_t> run = [=](const KeyState& state, const Writer& writer) {
            const Lease all{INT64_MAX, time::kHlcMax};
            return up ? bounded_increment(state, amount, writer)
                      : bounded_decrement(state, amount, all, writer);
        };
        return {
            .run = test::replying(run, [](std::int64_t value) { return std::to_string(value); }),
            .model = [=, this](time::Hlc) {
                if (amount == 0 || (!up && amount > model_)) {
                    return std::string("error");
                }
                exists_ = true;
                model_ += up ? amount : -amount;
                return std::to_string(model_);
            }};
    }
    [[nodiscard]] bool exists() const override { return exists_; }
    void clear() override {
        exists_ = false;
        model_ = 0;
    }
    [[nodiscard]] std::string read_empty() const override { return "0"; }
    [[nodiscard]] std::string read_of_type() const override { return std::to_string(model_); }

private:
    std::int64_t model_ = 0;
    bool exists_ = false;
};

TEST(BoundedCounterProperty, ConvergesAndIsTheModelAlone) {
    test::run_all<BoundedSubject>(test::kSeeds, true);
}

}  // namespace
}  // namespace distkv::crdt
