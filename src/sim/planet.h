// A whole simulated run: machines in their places, the links between them, the weather, and the
// clock that everything follows. The same seed gives the same run, to the last byte.
//
//     Planet planet({.seed = 7, .sites = {...}, .length = 60s}, [&](World& world) { ... });
//     planet.run();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/fabric.h"
#include "sim/nemesis.h"
#include "sim/node.h"
#include "sim/stage.h"

namespace distkv::sim {

struct Site {
    std::string name;
    time::Coordinates place;
};

struct PlanetOptions {
    std::uint64_t seed = 0;
    std::vector<Site> sites;
    time::Duration length{};

    // The healing comes after this share of the run, in percent.
    unsigned heal_percent = 60;

    // Drawn from the seed when not given.
    std::optional<Weather> weather = std::nullopt;
    std::optional<std::size_t> reactors_per_node = std::nullopt;

    // How wrong a healthy clock may be at the beginning.
    time::Duration clock_error_max{};
};

class Planet {
public:
    Planet(PlanetOptions options, const Program& program);
    ~Planet();
    Planet(const Planet&) = delete;
    Planet& operator=(const Planet&) = delete;

    // To the end, or until `stop` says so; `stop` is asked after every event.
    void run(const std::function<bool()>& stop = {});

    [[nodiscard]] Stage& stage() { return stage_; }
    [[nodiscard]] Fabric& fabric() { return fabric_; }
    [[nodiscard]] const Nemesis& nemesis() const { return nemesis_; }
    [[nodiscard]] Node& node(base::NodeId id);
    [[nodiscard]] const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
    [[nodiscard]] TrueTime heals_at() const;
    [[nodiscard]] TrueTime ends_at() const { return TrueTime(options_.length); }

    // The rare paths that the nodes of this run have passed.
    [[nodiscard]] const world::MarkCounts& marks_at_the_end();

private:
    void place_nodes(const Program& program);
    void connect();
    [[nodiscard]] Clock::Options draw_clock(base::Rng& rng);

    PlanetOptions options_;
    Stage stage_;
    Fabric fabric_;
    std::vector<std::unique_ptr<Node>> nodes_;
    Nemesis nemesis_;
};

}  // namespace distkv::sim
