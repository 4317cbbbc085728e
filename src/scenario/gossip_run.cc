#include "scenario/gossip_run.h"

#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "scenario/gossip_checker.h"
#include "time/geography.h"

namespace distkv::scenario {
namespace {

using namespace std::chrono_literals;

constexpr time::Duration kHealthyClockError = 50ms;  // Half of the epsilon that nodes are told.

std::vector<sim::Site> sites(std::size_t count) {
    std::vector<sim::Site> sites;
    const auto cities = time::twelve_cities();
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view name = cities[i % cities.size()];
        const auto place = time::find_place(name);
        CHECK(place.has_value(), name);
        const std::size_t round = i / cities.size();
        sites.push_back(
            {std::string(name) + (round == 0 ? "" : "-" + std::to_string(round + 1)), place->at});
    }
    return sites;
}

gossip::GossipOptions options_for(world::Address self, const std::vector<sim::Site>& sites) {
    gossip::GossipOptions options;
    options.self = self;
    const sim::Site& here = sites[self.node.value - 1];
    for (std::size_t i = 0; i < sites.size(); ++i) {
        const base::NodeId node{i + 1};
        if (node != self.node) {
            options.peers.push_back(
                {{node, self.reactor}, time::light_floor(here.place, sites[i].place)});
        }
    }
    return options;
}

}  // namespace

sim::RunReport run_gossip(const GossipRun& run) {
    CHECK(run.nodes >= 2 && run.nodes <= kGossipNodesMax);
    const std::vector<sim::Site> places = sites(run.nodes);
    std::unique_ptr<GossipChecker> checker;
    sim::Planet planet({.seed = run.seed,
                        .sites = places,
                        .length = run.length,
                        .weather = run.weather,
                        .reactors_per_node = run.reactors_per_node,
                        .clock_error_max = kHealthyClockError},
                       [&](world::World& world) {
                           return gossip::run_gossip(
                               world, options_for({world.node(), world.reactors().self()}, places),
                               *checker);
                       });
    checker = std::make_unique<GossipChecker>(planet, gossip::GossipOptions{});
    planet.stage().trace.print_to(run.trace_lines);
    if (run.arrange) {
        run.arrange(planet);
    }
    planet.run();
    checker->finish();
    sim::RunReport report{.seed = run.seed,
                          .trace_hash = planet.stage().trace.hash(),
                          .events = planet.stage().events.events_run(),
                          .length = run.length,
                          .operations = checker->operations(),
                          .faults = planet.stage().faults,
                          .violations = checker->violations()};
    report.marks = planet.marks_at_the_end();
    return report;
}

}  // namespace distkv::scenario
