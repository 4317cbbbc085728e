#include "storage/versions_model_test.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "storage/applied_mark.h"
#include "storage/change_set.h"
#include "storage/checksum.h"
#include "storage/collect.h"
#include "storage/key_load.h"
#include "storage/memory_tier.h"
#include "storage/scan.h"
#include "storage/threshold.h"

namespace distkv::storage::versions {

using base::Bytes;
using base::Errc;
using base::Result;
using base::Rng;
using crdt::KeyState;
using crdt::Tag;
using model::KeyName;
using model::VersionVector;
using world::Task;
using world::World;
using namespace std::chrono_literals;

namespace {

constexpr int kTriesMax = 400;
constexpr GroupId kGroup{7};
constexpr ShardId kShard{9};

class Life {
public:
    Life(World& world, conformance::Stores& stores, Ledger& ledger)
        : world_(world),
          stores_(stores),
          ledger_(ledger),
          plan_(ledger.plan),
          names_(plan_.names()),
          rng_(Rng(ledger.seed).fork("life " + std::to_string(ledger.lives))) {}

    Task<void> run(std::size_t steps) {
        co_await reopen();
        for (std::size_t i = 0; i < steps && well(); ++i) {
            co_await step();
        }
        for (std::size_t i = 0; i < names_.size() && well(); ++i) {
            co_await check_key(names_[i]);
        }
        if (well()) {
            co_await check_sum();
        }
    }

private:
    [[nodiscard]] bool well() const { return ledger_.problems.empty() && engine_; }
    void count(const std::string& what) { ++ledger_.done[what]; }
    void problem(std::string what) {
        ledger_.problems.push_back("seed " + std::to_string(ledger_.seed) + ", life " +
                                   std::to_string(ledger_.lives) + ", after " +
                                   std::to_string(applied_) + ": " + std::move(what));
    }

    Task<void> step() {
        const auto drawn = rng_.below(1000);
        const KeyName name = names_[rng_.below(names_.size())];
        if (drawn < 400) {
            co_await apply();
        } else if (drawn < 500) {
            co_await check_key(name);
        } else if (drawn < 600) {
            co_await check_tier(name);
        } else if (drawn < 700) {
            co_await check_as_of(name);
        } else if (drawn < 740) {
            co_await check_scan();
        } else if (drawn < 780) {
            co_await check_elements(name);
        } else if (drawn < 820) {
            co_await check_history(name);
        } else if (drawn < 910) {
            co_await collect_some();
        } else if (drawn < 930) {
            co_await check_sum();
        } else if (drawn < 945) {
            hold_or_let_go();
        } else if (drawn < 970) {
            co_await flush();
        } else if (drawn < 980) {
            static_cast<void>(co_await engine_->compact({}));
        } else if (drawn < 990) {
            co_await reopen();
        } else {
            co_await world_.sleep_for(1ms);
        }
    }

    // Asks until nothing is missing. `ask` says what is.
    Task<void> until_there(std::function<Result<Range>()> ask) {
        for (int tries = 0; tries < kTriesMax && well(); ++tries) {
            const Result<Range> missing = ask();
            if (!missing) {
                problem(to_string(missing.error()));
                co_return;
            }
            if (missing->from.empty() && missing->until.empty()) {
                co_return;
            }
            count("would block");
            const auto fetched = co_await engine_->prefetch_range(*missing, 1000, nullptr);
            if (!fetched) {
                problem("prefetch: " + to_string(fetched.error()));
            }
        }
        problem("it would block for ever");
    }

    // Page by page, from one that begins there to the end. `read` says where it goes on.
    struct Turn {
        std::optional<Bytes> next;
        Range missing;
    };
    Task<void> through(Bytes first, std::function<Result<Turn>(const Bytes&)> read) {
        std::optional<Bytes> from = std::move(first);
        co_await until_there([&]() -> Result<Range> {
            Turn turn;
            while (from && turn.missing.from.empty()) {
                turn = TRY(read(*from));
                from = turn.next;
            }
            return std::move(turn.missing);
        });
    }

    Task<KeyState> load(KeyName name, Want want, const VersionVector* as_of) {
        KeyState state;
        co_await until_there([&]() -> Result<Range> {
            Load loaded = TRY(as_of == nullptr ? load_key(*engine_, name, want)
                                               : load_key_as_of(*engine_, name, *as_of));
            if (!loaded.state) {
                return std::move(loaded.missing);
            }
            state = std::move(*loaded.state);
            return Range{};
        });
        co_return state;
    }

    // ---- opening and writing

    Task<void> reopen() {
        holds_.clear();
        engine_.reset();
        auto opened = co_await stores_.open(world_, "versions");
        if (!opened) {
            problem("it does not open: " + to_string(opened.error()));
            co_return;
        }
        engine_ = std::move(*opened);
        ++ledger_.lives;
        const Bytes mark = co_await own_record(applied_key(kGroup));
        const Bytes threshold = co_await own_record(threshold_key(kShard));
        const auto index = mark.empty() ? Result<AppliedIndex>(AppliedIndex{}) : decode_mark(mark);
        auto collected = threshold.empty() ? Result<VersionVector>(VersionVector())
                                           : decode_threshold(threshold);
        if (!index || !collected || index->value < ledger_.floor) {
            problem("it forgot what it had: " + std::to_string(index ? index->value : 0));
            co_return;
        }
        count(index->value < applied_ ? "arrivals lost" : "opened");
        applied_ = index->value;
        threshold_ = std::make_unique<CollectionThreshold>(std::move(*collected));
        tier_ = std::make_unique<MemoryTier>(rng_.chance(500'000) ? 4000 : 1 << 20);
        pass_.reset();
        for (const KeyName& name : names_) {
            truth_[name] = plan_.key_after(applied_, name, nullptr);
        }
    }

    Task<Bytes> own_record(Bytes key) {
        Bytes value;
        co_await until_there([&]() -> Result<Range> {
            Lookup found = TRY(engine_->get(key, nullptr));
            if (found.presence == Presence::kWouldBlock) {
                return Range{key, key + '\0'};
            }
            value = std::move(found.value);
            return Range{};
        });
        co_return value;
    }

    Task<void> apply() {
        if (applied_ == plan_.arrivals.size()) {
            co_return;
        }
        const Arrival& arrival = plan_.arrivals[applied_];
        const Want want = wanted_to_merge(arrival.effects);
        auto cached = tier_->find(arrival.name, want);
        KeyState state = cached ? std::move(*cached) : co_await load(arrival.name, want, nullptr);
        if (!cached && !want.whole) {
            tier_->keep(arrival.name, want, state);
        }
        std::vector<crdt::Dropped> dropped;
        ChangeSet changes;
        changes.keys.push_back(merge_into(state, arrival.name, arrival.effects, dropped));
        const auto decoded = decode_change_set(encode_change_set(changes));
        if (!decoded || *decoded != changes) {
            problem("a change set does not survive encoding");
        }
        if (!co_await write(to_batch(changes))) {
            co_return;
        }
        tier_->apply(changes.keys.front());
        for (const crdt::Effect& effect : arrival.effects) {
            static_cast<void>(crdt::merge(truth_[arrival.name], effect));
        }
        count(dropped.empty() ? "applied" : "applied, something dropped");
    }

    // With the mark of the next arrival.
    Task<bool> write(Batch batch) {
        for (int tries = 0; tries < kTriesMax; ++tries) {
            const auto done =
                apply_marked(*engine_, batch, applied_key(kGroup), AppliedIndex{applied_ + 1});
            if (done) {
                ++applied_;
                co_return true;
            }
            if (done.error().code != Errc::kRetry) {
                problem("apply: " + to_string(done.error()));
                co_return false;
            }
            co_await world_.sleep_for(1ms);
            if (tries == kTriesMax / 2) {
                static_cast<void>(co_await engine_->flush());
            }
        }
        problem("stalled for ever");
        co_return false;
    }

    Task<void> flush() {
        const std::size_t before = applied_;
        if (co_await engine_->flush()) {
            ledger_.floor = std::max(ledger_.floor, before);
            count("flushed");
        }
    }

    // ---- collecting

    void hold_or_let_go() {
        if (!holds_.empty() && rng_.chance(600'000)) {
            holds_.erase(holds_.begin());
            return;
        }
        VersionVector at = random_moment();
        held_at_ = at;
        holds_.push_back(
            std::make_unique<CollectionThreshold::Hold>(*threshold_, std::move(at), "a test"));
    }

    Task<void> collect_some() {
        if (!pass_) {
            pass_limit_ = threshold_->limit(plan_.settled_after(applied_));
            threshold_->advance(pass_limit_);
            pass_ = CollectFrom{.at = keyspace_prefix({1})};
        }
        const Bytes until = keyspace_prefix({3});
        const std::size_t rows = 1 + rng_.below(rng_.chance(500'000) ? 5 : 200);
        std::optional<CollectStep> made;
        co_await until_there([&]() -> Result<Range> {
            CollectStep step = TRY(collect(*engine_, *pass_, until, pass_limit_, rows));
            Range missing = step.missing;
            if (step.missing.until.empty() && !step.missing.from.empty()) {
                missing.until = until;
            }
            if (missing.from.empty()) {
                made = std::move(step);
            }
            return missing;
        });
        if (!made) {
            co_return;
        }
        for (const Bytes& key : made->keys) {
            tier_->forget(key);
        }
        made->batch.put(threshold_key(kShard), encode_threshold(pass_limit_));
        const auto done = engine_->apply(made->batch);
        if (!done) {
            co_return;  // A stall: the same step again, later.
        }
        ledger_.done["versions collected"] += made->versions_removed;
        pass_ = std::move(made->next);
        count(pass_ ? "collected a part" : "collected all");
    }

    // ---- reading

    // Readable, and not always a moment that ever was.
    VersionVector random_moment() {
        if (!holds_.empty() && rng_.chance(300'000) && held_at_.covers(threshold_->collected())) {
            return held_at_;
        }
        VersionVector at = plan_.seen_after(rng_.below(applied_ + 1));
        at.join(threshold_->collected());
        return at;
    }

    Task<void> check_key(KeyName name) {
        const KeyState& truth = truth_[name];
        const KeyState whole = co_await load(name, {.whole = true}, nullptr);
        if (well() && content_of(whole) != content_of(truth)) {
            problem("a key has another content");
        }
        if (well() && whole.summary.live != truth.summary.live) {
            problem("a key's summary has another count");
        }
        const KeyState core = co_await load(name, {}, nullptr);
        if (well() && crdt::type_at(core, {}) != crdt::type_at(truth, {})) {
            problem("a key has another type");
        }
        count("keys checked");
    }

    Task<void> check_tier(KeyName name) {
        Want want;
        if (rng_.chance(500'000)) {
            want.elements.push_back({Tag::kMapField, Bytes()});
        }
        const KeyState loaded = co_await load(name, want, nullptr);
        const auto cached = tier_->find(name, want);
        if (!well() || !cached) {
            tier_->keep(name, want, loaded);
            co_return;
        }
        if (content_of(*cached) != content_of(loaded) ||
            cached->summary.live != loaded.summary.live) {
            problem("the memory tier has another content than the engine");
        }
        count("tier checked");
    }

    Task<void> check_as_of(KeyName name) {
        const VersionVector at = random_moment();
        if (!threshold_->check_readable(at)) {
            problem("a moment above the threshold is refused");
        }
        const KeyState past = co_await load(name, {}, &at);
        const KeyState truth = plan_.key_after(applied_, name, &at);
        if (well() && content_of(past) != content_of(truth)) {
            problem("a key has another past as of " + to_string(at));
        }
        count("pasts checked");
    }

    Task<void> check_scan() {
        const model::KeyspaceId keyspace{1 + rng_.below(2)};
        const time::Hlc now{rng_.below(200) * 1000 << time::Hlc::kCounterBits};
        const PageLimit limit{1 + rng_.below(4), 1 + rng_.below(10)};
        std::map<KeyName, bool> found;
        co_await through(keyspace_prefix(keyspace), [&](const Bytes& from) -> Result<Turn> {
            auto page = TRY(scan_keys(*engine_, {from, behind(keyspace_prefix(keyspace))}, now,
                                      limit, nullptr));
            for (const ScannedKey& key : page.items) {
                if (!found.emplace(key.name, key.expired).second) {
                    problem("a scan shows a key twice");
                }
            }
            return Turn{std::move(page.next), std::move(page.missing)};
        });
        for (const auto& [name, state] : truth_) {
            const bool shows =
                name.keyspace == keyspace && crdt::type_at(state, {}) != crdt::Type::kNone;
            const auto at = found.find(name);
            if (well() && (shows != (at != found.end()) ||
                           (shows && at->second != crdt::header_of(state).expired(now)))) {
                problem("a scan of a keyspace shows other keys");
            }
        }
        count("scans");
    }

    Task<void> check_elements(KeyName name) {
        static constexpr Tag kTags[] = {Tag::kMember, Tag::kStrictMember, Tag::kMapField,
                                        Tag::kScore};
        const Tag tag = kTags[rng_.below(std::size(kTags))];
        const PageLimit limit{1 + rng_.below(4), 100};
        const crdt::Header header = crdt::header_of(truth_[name]);
        std::vector<Bytes> found;
        co_await through(Bytes(), [&](const Bytes& from) -> Result<Turn> {
            auto page = TRY(scan_elements(*engine_, name, tag, from, limit, nullptr));
            for (const KeyState& element : page.items) {
                const Bytes& its = element.all().front().field.element;
                if (crdt::shows(element, tag, its, header)) {
                    found.push_back(its);
                }
            }
            return Turn{std::move(page.next), std::move(page.missing)};
        });
        std::set<Bytes> truth;
        for (const crdt::Effect& cell : truth_[name].all()) {
            if (crdt::value_tag(cell.field.tag) == tag &&
                crdt::shows(truth_[name], tag, cell.field.element, header)) {
                truth.insert(cell.field.element);
            }
        }
        if (well() && found != std::vector(truth.begin(), truth.end())) {
            problem("a key shows other elements");
        }
        count("elements checked");
    }

    Task<void> check_history(KeyName name) {
        std::vector<crdt::Effect> found;
        co_await through(Bytes(), [&](const Bytes& from) -> Result<Turn> {
            auto page = TRY(history(*engine_, name, from, {.items = 3}, nullptr));
            found.insert(found.end(), page.items.begin(), page.items.end());
            return Turn{std::move(page.next), std::move(page.missing)};
        });
        std::size_t needed = 0;
        for (std::size_t i = 0; i < applied_; ++i) {
            if (plan_.arrivals[i].name != name) {
                continue;
            }
            for (const crdt::Effect& effect : plan_.arrivals[i].effects) {
                const bool there = std::ranges::any_of(
                    found, [&](const crdt::Effect& row) { return is_version_of(row, effect); });
                if (!there && !threshold_->collected().covers(effect.cell.dot)) {
                    problem("a version that nobody collected is gone");
                }
                needed += there ? 1 : 0;
            }
        }
        if (well() && needed != found.size()) {
            problem("a history holds what nobody wrote");
        }
        count("histories checked");
    }

    Task<void> check_sum() {
        const VersionVector at = random_moment();
        const auto snapshot = engine_->snapshot();
        Checksum sum;
        co_await through(keyspace_prefix({1}), [&](const Bytes& from) -> Result<Turn> {
            auto step =
                TRY(checksum(*engine_, {from, keyspace_prefix({3})}, at,
                             rng_.chance(500'000) ? snapshot.get() : nullptr, 1 + rng_.below(5)));
            sum.add(step.sum);
            return Turn{std::move(step.next), std::move(step.missing)};
        });
        Checksum truth;
        for (const KeyName& name : names_) {
            truth.add(checksum_of(name, plan_.key_after(applied_, name, &at)));
        }
        if (well() && sum != truth) {
            problem("the checksum is another one");
        }
        count("sums checked");
    }

    World& world_;
    conformance::Stores& stores_;
    Ledger& ledger_;
    const Plan& plan_;
    std::vector<KeyName> names_;
    Rng rng_;
    std::unique_ptr<Engine> engine_;
    std::size_t applied_ = 0;
    std::map<KeyName, KeyState> truth_;
    std::unique_ptr<MemoryTier> tier_;
    std::unique_ptr<CollectionThreshold> threshold_;
    std::vector<std::unique_ptr<CollectionThreshold::Hold>> holds_;
    VersionVector held_at_;
    std::optional<CollectFrom> pass_;
    VersionVector pass_limit_;
};

}  // namespace

Task<void> live(World& world, conformance::Stores& stores, Ledger& ledger, std::size_t steps) {
    Life life(world, stores, ledger);
    co_await life.run(steps);
}

}  // namespace distkv::storage::versions
