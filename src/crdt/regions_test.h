// A number of regions in memory that write, ship their effects to each other, collect and come
// back, all at random from one seed. Property tests of all types run in it.
//
// Of one origin, batches arrive in order, as streams deliver them; between origins anything goes:
// delays, repetition, relay by those who have them. The `settled` vector of collection is computed
// with the truth in hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "crdt/merge.h"
#include "crdt/writer.h"

namespace distkv::crdt::test {

// What a command wrote to one key. The cells travel encoded.
struct Batch {
    struct Sent {
        Field field;
        base::Bytes bytes;
    };
    model::Dot dot;
    std::size_t key = 0;
    std::vector<Sent> effects;
};

// One command with its arguments: how a type does it, and how its plain single-copy model does.
// Replies are compared as texts.
struct Command {
    std::function<base::Result<Outcome<std::string>>(const KeyState&, const Writer&)> run;
    std::function<std::string(time::Hlc now)> model;
};

// The random commands of a type on one key, and its model. `read` shows all that people can see.
class Subject {
public:
    Subject() = default;
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;
    virtual ~Subject() = default;

    // `now` is about the writer's time: expiries lie around it.
    virtual Command next(base::Rng& rng, time::Hlc now) = 0;
    [[nodiscard]] virtual std::string read(const KeyState& state, time::Hlc now) const = 0;
    [[nodiscard]] virtual std::string read_model(time::Hlc now) const = 0;
};

struct Region {
    model::Origin origin;
    std::uint64_t skew_micros = 0;
    time::Hlc clock;
    std::vector<KeyState> keys;
    model::VersionVector seen;
    std::map<model::Origin, std::size_t> taken;  // How many batches of each origin.
    std::uint64_t deaf_until = 0;                // A step.
};

class Regions {
public:
    struct Options {
        std::uint64_t seed = 1;
        std::size_t regions = 3;
        std::size_t keys = 1;
        std::uint64_t skew_micros = 50'000;  // Clocks are apart by less.
        bool collects = true;
        bool dies = false;  // Regions are declared dead and come back.
    };

    explicit Regions(Options options);

    // One random thing: a write by `next`, a delivery, a repetition, a collection, a disaster.
    using Next = std::function<Command(base::Rng& rng, std::size_t key, time::Hlc now)>;
    void step(const Next& next);

    // By hand, for tables. The reply; the text of an error begins with "error: ".
    std::string write(std::size_t region, std::size_t key, const Command& command);
    void deliver(std::size_t to, std::size_t from);  // All that was written there.
    void deliver_all();
    void collect(std::size_t region);
    void die(std::size_t region);
    void come_back();
    void be_born_again(std::size_t region);
    void pass(std::uint64_t micros) { wall_micros_ += micros; }

    // Delivers everything; empty if all regions agree with each other and with their summaries,
    // else what is wrong.
    std::string differences();

    // Of a fresh replica to which every effect ever made arrives once, in any order whatever. Not
    // asked for when a region was dead: the survivors then deleted what its writes never saw.
    std::string difference_of_fresh();

    [[nodiscard]] const KeyState& state(std::size_t region, std::size_t key = 0) const {
        return regions_[region].keys[key];
    }
    [[nodiscard]] time::Hlc now(std::size_t region) const { return now_of(regions_[region]); }
    [[nodiscard]] const std::vector<Dropped>& dropped() const { return dropped_; }
    [[nodiscard]] std::uint64_t writes() const { return writes_; }
    [[nodiscard]] std::uint64_t collected() const { return collected_; }

private:
    // Once everything made so far has arrived, the vector is settled: see merge.h.
    struct Candidate {
        model::VersionVector vector;
        std::map<model::Origin, std::size_t> lengths;
    };

    [[nodiscard]] time::Hlc now_of(const Region& region) const;
    [[nodiscard]] bool lives(std::size_t region) const { return dead_ != region; }
    [[nodiscard]] std::size_t available(const model::Origin& origin) const;
    void merge_batch(Region& to, const Batch& batch);
    void take(Region& to, const model::Origin& origin, std::size_t count);
    void repeat(Region& to);
    void begin_candidate();
    void settle();
    void collect_settled(std::size_t region);
    void collect_key(KeyState& state);
    void rejoin(Region& back, const Region& survivor);
    void random_disaster();
    model::Origin any_origin();
    std::size_t any_region() { return rng_.below(regions_.size()); }

    Options options_;
    base::Rng rng_;
    std::uint64_t wall_micros_ = 1'700'000'000'000'000;
    std::uint64_t steps_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t collected_ = 0;
    std::uint64_t incarnations_ = 1;
    std::vector<Region> regions_;
    std::map<model::Origin, std::vector<Batch>> logs_;
    std::optional<std::size_t> dead_;
    model::VersionVector settled_;
    std::map<model::Origin, std::size_t> settled_lengths_;
    std::optional<Candidate> candidate_;
    std::vector<Dropped> dropped_;
};

std::string digest_of(const KeyState& state);
std::string to_text(const KeyState& state);

}  // namespace distkv::crdt::test
