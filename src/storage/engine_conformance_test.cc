#include "storage/engine_conformance_test.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "storage/applied_mark.h"

namespace distkv::storage::conformance {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::Result;
using base::Rng;
using world::Task;
using world::World;
using namespace std::chrono_literals;

namespace {

constexpr int kTriesMax = 200;

std::string shown(ByteView bytes) {
    std::string out;
    for (const char byte : bytes.substr(0, 40)) {
        static constexpr char kDigits[] = "0123456789abcdef";
        out += kDigits[static_cast<unsigned char>(byte) >> 4U];
        out += kDigits[static_cast<unsigned char>(byte) & 15U];
    }
    return out + "(" + std::to_string(bytes.size()) + ")";
}

bool inside(const Range& range, ByteView key) {
    return key >= range.from && (range.until.empty() || key < range.until);
}

Entries inside(const Range& range, const Entries& entries) {
    Entries found;
    for (auto at = entries.lower_bound(range.from); at != entries.end(); ++at) {
        if (!inside(range, at->first)) {
            break;
        }
        found.insert(*at);
    }
    return found;
}

}  // namespace

namespace {

// One life of a store. Destroyed with everything in it when the node is killed.
class Life {
public:
    Life(World& world, Stores& stores, Ledger& ledger)
        : world_(world),
          stores_(stores),
          ledger_(ledger),
          rng_(Rng(ledger.seed).fork("life " + std::to_string(ledger.life))) {}

    Task<void> run(std::size_t steps) {
        co_await reopen();
        for (std::size_t i = 0; i < steps && well(); ++i) {
            co_await step();
        }
        ledger_.after_last_step();
        if (well()) {
            co_await compare(*engine_, {}, entries_, nullptr, "at the end");
        }
    }

private:
    struct Held {
        std::unique_ptr<Snapshot> snapshot;
        Entries entries;
    };
    struct Walk {
        std::unique_ptr<Snapshot> snapshot;
        Range range;
        std::unique_ptr<Cursor> cursor;
        Entries left;
        Bytes position;
        bool begun = false;
    };

    [[nodiscard]] bool well() const { return ledger_.problems.empty() && engine_; }

    void count(const std::string& what) { ++ledger_.done[what]; }

    Task<void> step() {
        const auto drawn = rng_.below(1000);
        if (drawn < 450 || (ledger_.undisturbed && drawn >= 920)) {
            co_await apply();
        } else if (drawn < 650) {
            const Held* held = any_held();
            co_await check_get(random_key(rng_), held);
            co_await check_first({random_key(rng_), random_key(rng_) + "!"});
        } else if (drawn < 720) {
            const Held* held = any_held();
            const Range range{random_key(rng_), random_key(rng_)};
            co_await compare(*engine_, range, held ? held->entries : entries_,
                             held ? held->snapshot.get() : nullptr, "in a range");
        } else if (drawn < 870) {
            co_await walk_on();
        } else if (drawn < 920) {
            hold_or_let_go();
        } else if (drawn < 960) {
            co_await flush();
        } else if (drawn < 975) {
            co_await compact();
        } else if (drawn < 985) {
            co_await checkpoint();
        } else if (drawn < 992) {
            co_await reopen();
        } else {
            co_await world_.sleep_for(1ms);
        }
        see_durable();
    }

    // ---- opening

    // Without a flush before it, so this is a small crash, too.
    Task<void> reopen() {
        walk_.reset();
        held_.clear();
        engine_.reset();
        for (int tries = 0; !engine_; ++tries) {
            auto opened = co_await stores_.open(world_, "store");
            if (!opened && (!ledger_.faults || tries == kTriesMax)) {
                ledger_.problem("it does not open: " + to_string(opened.error()));
                co_return;
            }
            if (opened) {
                engine_ = std::move(*opened);
            }
        }
        ++ledger_.life;
        count("opened");
        const Lookup found = co_await get(*engine_, kMark, nullptr);
        const auto mark = found.presence == Presence::kFound ? decode_mark(found.value)
                                                             : Result<AppliedIndex>(AppliedIndex{});
        if (!mark || mark->value < ledger_.floor || mark->value > ledger_.lives.size()) {
            ledger_.problem("the mark says " + (mark ? to_string(*mark) : to_string(mark.error())) +
                            ", acknowledged were " + std::to_string(ledger_.floor));
            co_return;
        }
        count(mark->value < ledger_.lives.size() ? "batches lost" : "nothing lost");
        ledger_.lives.resize(mark->value);
        entries_ = ledger_.entries_after(mark->value);
        sequences_.clear();
        co_await compare(*engine_, {}, entries_, nullptr, "after opening");
    }

    // ---- writing

    Task<void> apply() {
        ledger_.lives.push_back(ledger_.life);
        ledger_.tell(ledger_);
        const std::uint64_t index = ledger_.lives.size();
        const Batch batch = ledger_.batch(index);
        for (int tries = 0;; ++tries) {
            const auto applied = apply_marked(*engine_, batch, kMark, {index});
            if (applied) {
                if (!sequences_.empty() && applied->value <= sequences_.rbegin()->first) {
                    ledger_.problem("a later batch has no greater sequence");
                }
                sequences_[applied->value] = index;
                break;
            }
            if (applied.error().code != Errc::kRetry || tries == kTriesMax) {
                ledger_.problem("apply: " + to_string(applied.error()));
                co_return;
            }
            count("stalled");
            co_await world_.sleep_for(1ms);
            // A stall that does not pass in simulated time waits for threads in real time.
            if (tries == kTriesMax / 2) {
                static_cast<void>(co_await engine_->flush());
            }
        }
        apply_to(entries_, batch);
        entries_[kMark] = encode_mark({index});
        count("applied");
    }

    void see_durable() {
        if (!engine_) {
            return;
        }
        const std::uint64_t durable = engine_->durable().value;
        auto at = sequences_.upper_bound(durable);
        if (at != sequences_.begin()) {
            raise_floor((--at)->second);
        }
    }

    void raise_floor(std::uint64_t index) {
        if (index > ledger_.floor) {
            ledger_.floor = index;
            ledger_.tell(ledger_);
        }
    }

    Task<void> flush() {
        const std::uint64_t before = ledger_.lives.size();
        const std::uint64_t sequence = sequences_.empty() ? 0 : sequences_.rbegin()->first;
        const auto flushed = co_await engine_->flush();
        if (!flushed) {
            const Errc code = flushed.error().code;
            if (!ledger_.faults || (code != Errc::kFull && code != Errc::kUnknown)) {
                ledger_.problem("flush: " + to_string(flushed.error()));
            }
            count("flush failed");
            co_return;
        }
        raise_floor(before);
        if (engine_->durable().value < sequence) {
            ledger_.problem("flush() answered, but durable() does not say so");
        }
        count("flushed");
    }

    Task<void> compact() {
        const auto done = co_await engine_->compact({random_key(rng_), {}});
        if (!done && !ledger_.faults) {
            ledger_.problem("compact: " + to_string(done.error()));
        }
        count("compacted");
    }

    Task<void> checkpoint() {
        const std::string name =
            "copy-" + std::to_string(ledger_.life) + "-" + std::to_string(++copies_);
        const auto made = co_await engine_->checkpoint(stores_.directory(name));
        if (!made) {
            if (!ledger_.faults) {
                ledger_.problem("checkpoint: " + to_string(made.error()));
            }
            co_return;
        }
        auto copy = co_await stores_.open(world_, name);
        if (!copy) {
            if (!ledger_.faults) {
                ledger_.problem("the copy does not open: " + to_string(copy.error()));
            }
            co_return;
        }
        co_await compare(**copy, {}, entries_, nullptr, "in a checkpoint");
        const auto again = co_await engine_->checkpoint(stores_.directory(name));
        if (again || again.error().code != Errc::kInvalid) {
            ledger_.problem("a checkpoint over another was not refused");
        }
        count("checkpoints");
    }

    // ---- reading

    const Held* any_held() {
        return held_.empty() || rng_.chance(500'000) ? nullptr : &held_[rng_.below(held_.size())];
    }

    void hold_or_let_go() {
        if (held_.size() < 4 && rng_.chance(600'000)) {
            held_.push_back({engine_->snapshot(), entries_});
        } else if (!held_.empty()) {
            held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(rng_.below(held_.size())));
        }
    }

    Task<Lookup> get(Engine& engine, Bytes key, const Snapshot* at) {
        for (int tries = 0; tries < kTriesMax; ++tries) {
            auto found = engine.get(key, at);
            if (!found) {
                ledger_.problem("get: " + to_string(found.error()));
                co_return Lookup{};
            }
            if (found->presence != Presence::kWouldBlock) {
                co_return std::move(*found);
            }
            count("get would block");
            std::vector<Bytes> keys(1, key);
            const auto fetched = co_await engine.prefetch(std::move(keys), at);
            if (!fetched) {
                ledger_.problem("prefetch: " + to_string(fetched.error()));
            }
        }
        ledger_.problem("get would block for ever");
        co_return Lookup{};
    }

    Task<void> check_get(Bytes key, const Held* held) {
        const Entries& truth = held ? held->entries : entries_;
        const Lookup found = co_await get(*engine_, key, held ? held->snapshot.get() : nullptr);
        const auto expected = truth.find(key);
        const bool right = expected == truth.end() ? found.presence == Presence::kAbsent
                                                   : found.presence == Presence::kFound &&
                                                         found.value == expected->second;
        if (!right) {
            ledger_.problem("key " + shown(key) + (held ? " of a snapshot" : "") + " is " +
                            shown(found.value));
        }
        count("got");
    }

    Task<void> check_first(Range range) {
        const Entries expected = inside(range, entries_);
        for (int tries = 0; tries < kTriesMax; ++tries) {
            const auto found = engine_->first(range.from, range.until);
            if (!found) {
                ledger_.problem("first: " + to_string(found.error()));
                co_return;
            }
            if (found->presence != Presence::kWouldBlock) {
                const bool right = expected.empty() ? found->presence == Presence::kAbsent
                                                    : found->presence == Presence::kFound &&
                                                          found->key == expected.begin()->first &&
                                                          found->value == expected.begin()->second;
                if (!right) {
                    ledger_.problem("the first key from " + shown(range.from) + " to " +
                                    shown(range.until) + " is " + shown(found->key));
                }
                count("got the first");
                co_return;
            }
            count("first would block");
            co_await prefetch_range(*engine_, range, nullptr);
        }
        ledger_.problem("first would block for ever");
    }

    Task<void> prefetch_range(Engine& engine, Range range, const Snapshot* at) {
        const auto fetched = co_await engine.prefetch_range(std::move(range), 100, at);
        if (!fetched) {
            ledger_.problem("prefetch_range: " + to_string(fetched.error()));
        }
    }

    // Moves on by one key, however often that would block.
    Task<Cursor::Place> advance(Engine& engine, Cursor& cursor, Range rest, const Snapshot* at,
                                bool seek) {
        Result<Cursor::Place> place = seek ? cursor.seek(rest.from) : cursor.next();
        for (int tries = 0; place && *place == Cursor::Place::kWouldBlock; ++tries) {
            if (tries == kTriesMax) {
                ledger_.problem("a cursor would block for ever");
                co_return Cursor::Place::kEnd;
            }
            count("cursor would block");
            co_await prefetch_range(engine, rest, at);
            place = cursor.seek(rest.from);
        }
        if (!place) {
            ledger_.problem("cursor: " + to_string(place.error()));
            co_return Cursor::Place::kEnd;
        }
        co_return *place;
    }

    Task<void> compare(Engine& engine, Range range, const Entries& truth, const Snapshot* at,
                       std::string when) {
        auto cursor = engine.cursor(range, at);
        if (!cursor) {
            ledger_.problem("cursor: " + to_string(cursor.error()));
            co_return;
        }
        const Entries expected = inside(range, truth);
        Range rest = range;
        bool seek = true;
        for (auto entry = expected.begin();; ++entry) {
            const auto place = co_await advance(engine, **cursor, rest, at, seek);
            const bool ends = entry == expected.end();
            if (ends != (place == Cursor::Place::kEnd) ||
                (!ends &&
                 ((*cursor)->key() != entry->first || (*cursor)->value() != entry->second))) {
                ledger_.problem(when + ": expected " + (ends ? "the end" : shown(entry->first)) +
                                ", there is " +
                                (place == Cursor::Place::kEnd ? "the end"
                                                              : shown((*cursor)->key()) + " = " +
                                                                    shown((*cursor)->value())));
                co_return;
            }
            if (ends) {
                break;
            }
            rest.from = entry->first + '\0';
            seek = false;
        }
        count("compared");
    }

    // A cursor that is moved now and then, while the store changes under it.
    Task<void> walk_on() {
        if (!walk_) {
            Walk walk{
                .snapshot = engine_->snapshot(),
                .range = {random_key(rng_), rng_.chance(500'000) ? Bytes() : random_key(rng_)}};
            auto cursor = engine_->cursor(walk.range, walk.snapshot.get());
            if (!cursor) {
                ledger_.problem("cursor: " + to_string(cursor.error()));
                co_return;
            }
            walk.cursor = std::move(*cursor);
            walk.left = inside(walk.range, entries_);
            walk.position = walk.range.from;
            walk_ = std::move(walk);
            count("walks");
        }
        const bool seek = !walk_->begun || rng_.chance(100'000);
        walk_->begun = true;
        Range rest{walk_->position, walk_->range.until};
        const auto place =
            co_await advance(*engine_, *walk_->cursor, rest, walk_->snapshot.get(), seek);
        if (place == Cursor::Place::kEnd) {
            if (!walk_->left.empty()) {
                ledger_.problem("a walk ended before " + shown(walk_->left.begin()->first));
            }
            walk_.reset();
            co_return;
        }
        const auto expected = walk_->left.begin();
        if (expected == walk_->left.end() || walk_->cursor->key() != expected->first ||
            walk_->cursor->value() != expected->second) {
            ledger_.problem("a walk came to " + shown(walk_->cursor->key()));
            walk_.reset();
            co_return;
        }
        walk_->position = expected->first + '\0';
        walk_->left.erase(expected);
    }

    World& world_;
    Stores& stores_;
    Ledger& ledger_;
    Rng rng_;
    std::unique_ptr<Engine> engine_;  // Goes after what looks at it.
    Entries entries_;
    std::map<std::uint64_t, std::uint64_t> sequences_;  // To the index of the batch.
    std::vector<Held> held_;
    std::optional<Walk> walk_;
    int copies_ = 0;
};

}  // namespace

Task<void> live(World& world, Stores& stores, Ledger& ledger, std::size_t steps) {
    Life life(world, stores, ledger);
    co_await life.run(steps);
}

Task<void> look(World& world, Stores& stores, Ledger& ledger) {
    co_await live(world, stores, ledger, 0);
}

}  // namespace distkv::storage::conformance
