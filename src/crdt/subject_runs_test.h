// What the property tests of several types do with a subject: in turn it is its model, and together
// all regions come to one state. Deletion and expiry are the same for all types.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "crdt/regions_test.h"

namespace distkv::crdt::test {

template <class Reply>
using Run = std::function<base::Result<Outcome<Reply>>(const KeyState&, const Writer&)>;

// The same with its reply as text.
template <class Reply, class Text>
auto replying(const Run<Reply>& run, Text text) {
    return [run, text](const KeyState& state,
                       const Writer& writer) -> base::Result<Outcome<std::string>> {
        auto outcome = TRY(run(state, writer));
        return Outcome<std::string>{text(outcome.reply), std::move(outcome.effects)};
    };
}

// Its model is a key that is there or not, and may expire.
class KeySubject : public Subject {
public:
    Command next(base::Rng& rng, time::Hlc now) override {
        const std::uint64_t dice = rng.below(100);
        if (dice < 2) {
            return {.run = delete_visible, .model = [this](time::Hlc at) {
                        expire(at);
                        const bool was = exists();
                        clear();
                        return std::string(was ? "1" : "0");
                    }};
        }
        if (dice < 5) {
            return expiry(ms_of(now) + rng.below(20));
        }
        Command command = next_of_type(rng);
        command.model = [this, model = std::move(command.model)](time::Hlc at) {
            expire(at);
            std::string reply = model(at);
            expire(at);
            return reply;
        };
        return command;
    }

    std::string read_model(time::Hlc now) const override {
        return expires_ms_ && *expires_ms_ <= ms_of(now) ? read_empty() : read_of_type();
    }

protected:
    virtual Command next_of_type(base::Rng& rng) = 0;
    [[nodiscard]] virtual bool exists() const = 0;
    virtual void clear() = 0;
    [[nodiscard]] virtual std::string read_of_type() const = 0;
    [[nodiscard]] virtual std::string read_empty() const = 0;

private:
    static std::uint64_t ms_of(time::Hlc at) { return at.micros() / 1000; }

    static base::Result<Outcome<std::string>> delete_visible(const KeyState& state,
                                                             const Writer& writer) {
        if (type_at(state, writer.dot.hlc) == Type::kNone) {
            return Outcome<std::string>{"0", {}};
        }
        return Outcome<std::string>{"1", clear_key(state, writer)};
    }

    Command expiry(std::uint64_t at_ms) {
        return {.run = [at_ms](const KeyState& state,
                               const Writer& writer) -> base::Result<Outcome<std::string>> {
                    if (type_at(state, writer.dot.hlc) == Type::kNone) {
                        return Outcome<std::string>{"0", {}};
                    }
                    using Kind = ExpirySetting::Kind;
                    return Outcome<std::string>{"1",
                                                {set_expiry(state, writer, Kind::kExpires, at_ms)}};
                },
                .model =
                    [this, at_ms](time::Hlc at) {
                        expire(at);
                        if (exists()) {
                            expires_ms_ = at_ms;
                        }
                        return std::string(exists() ? "1" : "0");
                    }};
    }

    void expire(time::Hlc now) {
        if (expires_ms_ && *expires_ms_ <= ms_of(now)) {
            clear();
        }
        if (!exists()) {
            expires_ms_.reset();
        }
    }

    std::optional<std::uint64_t> expires_ms_;
};

// Errors need not have the same words.
inline std::string without_words(const std::string& reply) {
    return reply.starts_with("error") ? "error" : reply;
}

struct InTurn {
    std::uint64_t seed = 1;
    std::size_t regions = 1;
    int steps = 300;
    bool is_born_again = true;
};

// One command after the other, each seen by all regions before the next.
template <class OfType>
void run_in_turn(const InTurn& options) {
    OfType subject;
    Regions regions({.seed = options.seed, .regions = options.regions, .skew_micros = 1});
    base::Rng rng(options.seed);
    for (int i = 0; i < options.steps; ++i) {
        const std::string where =
            "seed " + std::to_string(options.seed) + ", step " + std::to_string(i);
        regions.pass(rng.below(2000));
        const std::size_t writer = rng.below(options.regions);
        const std::size_t reader = rng.below(options.regions);
        const time::Hlc now = regions.now(writer);
        const Command command = subject.next(rng, now);
        const std::string reply = regions.write(writer, 0, command);
        ASSERT_EQ(without_words(reply), without_words(command.model(now))) << where;
        regions.deliver_all();
        if (rng.below(10) == 0) {
            regions.collect(reader);
        }
        const time::Hlc then = regions.now(reader);
        ASSERT_EQ(subject.read(regions.state(reader), then), subject.read_model(then)) << where;
        if (options.is_born_again && rng.below(40) == 0) {
            regions.be_born_again(writer);
        }
    }
    ASSERT_EQ(regions.differences(), "");
}

template <class OfType>
std::uint64_t run_together(const Regions::Options& options, int steps) {
    OfType subject;
    Regions regions(options);
    for (int i = 0; i < steps; ++i) {
        regions.step(
            [&](base::Rng& rng, std::size_t, time::Hlc now) { return subject.next(rng, now); });
    }
    EXPECT_EQ(regions.differences(), "");
    const time::Hlc now = regions.now(0);
    const std::string all = subject.read(regions.state(0), now);
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < options.regions; ++i) {
            EXPECT_EQ(subject.read(regions.state(i), now), all)
                << "seed " << options.seed << ", region " << i + 1 << ", round " << round;
            if (options.collects) {
                regions.collect(i);
            }
        }
    }
    if (!options.dies) {
        EXPECT_EQ(regions.difference_of_fresh(), "");
    }
    return regions.writes();
}

// Sanitizers cost about ten times as much.
#if __has_feature(address_sanitizer)
inline constexpr std::uint64_t kSeeds = 15;
#else
inline constexpr std::uint64_t kSeeds = 150;
#endif

// All of it. `one_writer`: the model knows nothing of regions, and the type does.
template <class OfType>
void run_all(std::uint64_t seeds = kSeeds, bool one_writer = false) {
    std::uint64_t writes = 0;
    for (std::uint64_t seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
        run_in_turn<OfType>(
            {.seed = seed, .regions = one_writer ? 1 : 1 + seed % 3, .is_born_again = !one_writer});
        writes += run_together<OfType>({.seed = seed, .collects = false}, 200);
        writes += run_together<OfType>({.seed = seed, .regions = 2 + seed % 3}, 800);
        writes += run_together<OfType>({.seed = seed, .regions = 4, .dies = true}, 800);
    }
    testing::Test::RecordProperty("writes", std::to_string(writes));
}

}  // namespace distkv::crdt::test
