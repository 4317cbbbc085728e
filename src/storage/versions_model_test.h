// The versioned store against a model, on any engine. A plan, made from a seed, is what three
// regions wrote without always having seen each other, in an order in which it may arrive at a
// fourth place: the log of the store under test. The store applies a prefix of it, is asked
// everything it can be asked, collects, and crashes; then it must say which prefix it holds, and
// goes on from there, as a replica does from its log.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "crdt/merge.h"
#include "model/key_name.h"
#include "storage/engine_conformance_test.h"

namespace distkv::storage::versions {

struct Arrival {
    model::KeyName name;
    crdt::Effects effects;
    model::Dot dot;
    model::VersionVector writer_saw;
};

struct Plan {
    std::vector<Arrival> arrivals;

    // After so many arrivals: what was seen, and up to where nobody will write without having seen
    // it.
    [[nodiscard]] model::VersionVector seen_after(std::size_t count) const;
    [[nodiscard]] model::VersionVector settled_after(std::size_t count) const;

    // A key after so many arrivals, of those that the vector covers (null: all).
    [[nodiscard]] crdt::KeyState key_after(std::size_t count, const model::KeyName& name,
                                           const model::VersionVector* as_of) const;
    [[nodiscard]] std::vector<model::KeyName> names() const;
};

Plan make_plan(std::uint64_t seed, std::size_t arrivals);

// What shows of a key; nothing: no such key.
base::Bytes content_of(const crdt::KeyState& state);

// As it was written; what it knows of others may have been added to.
bool is_version_of(const crdt::Effect& row, const crdt::Effect& effect);

struct Ledger {
    std::uint64_t seed = 0;
    Plan plan;
    std::uint64_t lives = 0;
    std::size_t floor = 0;  // So many arrivals were acknowledged as durable.
    std::vector<std::string> problems;
    std::map<std::string, std::uint64_t> done;
};

// One life of so many steps.
world::Task<void> live(world::World& world, conformance::Stores& stores, Ledger& ledger,
                       std::size_t steps);

}  // namespace distkv::storage::versions
