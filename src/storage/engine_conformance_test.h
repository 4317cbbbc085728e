// What every engine must do, tried at random against a model that is a sorted map: used by the
// tests of each implementation.
//
// A run is a series of lives. Each opens the store (some do so several times: each counts), finds
// the mark (applied_mark.h) and holds all that is there against exactly the batches up to it; then
// it goes on with random operations, until it ends or is killed. Batches are functions of (seed,
// index, life), so that a judge in another process knows them, and so that a batch that was lost is
// never applied again unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "storage/engine.h"
#include "world/world.h"

namespace distkv::storage::conformance {

// One implementation.
class Stores {
public:
    Stores() = default;
    virtual ~Stores() = default;
    Stores(const Stores&) = delete;
    Stores& operator=(const Stores&) = delete;

    // What is there under that name, or a new one.
    virtual world::Task<base::Result<std::unique_ptr<Engine>>> open(world::World& world,
                                                                    std::string name) = 0;
    // What checkpoint() is told so that open() finds it under that name.
    [[nodiscard]] virtual std::string directory(const std::string& name) const = 0;
};

using Entries = std::map<base::Bytes, base::Bytes>;

// Amid the keys, so that range deletes hit it too.
inline const base::Bytes kMark = "m";

base::Bytes random_key(base::Rng& rng);

void apply_to(Entries& entries, const Batch& batch);

// The truth about one store. It outlives crashes.
struct Ledger {
    std::uint64_t seed = 0;
    std::size_t large_values_every = 0;  // One batch in so many has a value of 16 MiB; 0: none.
    bool faults = false;                 // The disk may fail: so may a flush.
    bool undisturbed = false;            // What is flushed is what the engine flushes by itself.

    std::uint64_t life = 0;            // Counts how often the store was opened.
    std::vector<std::uint64_t> lives;  // In which life batch i + 1 was made.
    std::uint64_t floor = 0;           // Up to here batches were acknowledged as durable.
    std::vector<std::string> problems;
    std::map<std::string, std::uint64_t> done;  // How often what happened.

    // Called before a batch is applied, and when the floor rises: for a judge elsewhere.
    std::function<void(const Ledger&)> tell = [](const Ledger&) {};
    // Called after the last step of a life, while the engine is still open.
    std::function<void()> after_last_step = [] {};

    // Batch `index`, from 1 on, without its mark.
    [[nodiscard]] Batch batch(std::uint64_t index) const;
    [[nodiscard]] Entries entries_after(std::uint64_t index) const;
    void problem(std::string what);
};

// One life of `steps` operations.
world::Task<void> live(world::World& world, Stores& stores, Ledger& ledger, std::size_t steps);

// A life that is only looked at.
world::Task<void> look(world::World& world, Stores& stores, Ledger& ledger);

}  // namespace distkv::storage::conformance
