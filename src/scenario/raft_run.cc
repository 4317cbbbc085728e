#include "scenario/raft_run.h"

#include <memory>
#include <utility>

#include "scenario/raft_cluster.h"

namespace distkv::scenario {

namespace {

using namespace std::chrono_literals;

// In some runs without other lasting damage, one link stays cut.
void cut_a_link_for_ever(sim::Planet& planet, base::Rng rng) {
    if (rng.below(4) != 0 || planet.stage().weather.trouble_every == time::Duration{}) {
        return;
    }
    const auto a = 1 + rng.below(planet.nodes().size());
    const auto b = 1 + rng.below(planet.nodes().size());
    const bool both_ways = rng.below(2) == 0;
    planet.stage().events.schedule(planet.heals_at() + 1ms, [&planet, a, b, both_ways] {
        if (a != b && planet.nemesis().broken_for_ever().empty()) {
            planet.fabric().cut({a}, {b});
            if (both_ways) {
                planet.fabric().cut({b}, {a});
            }
        }
    });
}

}  // namespace

RaftReport run_raft(const RaftRun& run) {
    RaftCluster cluster(run);
    sim::Planet planet({.seed = run.seed,
                        .sites = cluster.sites(),
                        .length = run.length,
                        .weather = run.weather,
                        .reactors_per_node = 1,
                        .clock_error_max = 50ms},
                       [&cluster](world::World& world) { return cluster.run_node(world); });
    cluster.settle_on(planet);
    planet.stage().trace.print_to(run.trace_lines);
    cut_a_link_for_ever(planet, base::Rng(run.seed).fork("link"));
    if (run.arrange) {
        run.arrange(planet);
    }
    planet.run([&cluster] {
        cluster.look();
        return !cluster.violations().empty();
    });
    cluster.finish();
    RaftReport report;
    report.seed = run.seed;
    report.trace_hash = planet.stage().trace.hash();
    report.events = planet.stage().events.events_run();
    report.length = run.length;
    report.operations = cluster.operations();
    report.faults = planet.stage().faults;
    report.violations = cluster.violations();
    report.counts = cluster.counts();
    report.figures = {{"committed", report.counts.committed},
                      {"leaders", report.counts.leaders},
                      {"membership changes", report.counts.changes},
                      {"operations judged", report.counts.operations_judged},
                      {"keys undecided", report.counts.undecided}};
    report.marks = planet.marks_at_the_end();
    return report;
}

}  // namespace distkv::scenario
