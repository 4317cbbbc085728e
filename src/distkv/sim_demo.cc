#include "distkv/sim_demo.h"

#include <map>
#include <memory>
#include <ostream>
#include <set>

#include "base/check.h"
#include "distkv/demo_story.h"
#include "distkv/number_text.h"
#include "distkv/stopwatch.h"
#include "distkv/table.h"
#include "gossip/gossip.h"
#include "scenario/gossip_checker.h"
#include "time/geography.h"

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

constexpr time::Duration kLength = 3min;
constexpr time::Duration kHealthyClockError = 50ms;

// The checker, which knows the truth, and a memory of what each node last said of the others.
class DemoChecker final : public scenario::GossipChecker {
public:
    using GossipChecker::GossipChecker;

    void judged(world::Address at, const std::vector<time::PeerClock>& peers,
                const time::ClockVerdict& verdict) override {
        GossipChecker::judged(at, peers, verdict);
        last_[at.node] = verdict;
        for (const base::NodeId node : verdict.off) {
            ever_named_.insert(node);
        }
    }

    [[nodiscard]] std::size_t named_by(base::NodeId node) const {
        std::size_t count = 0;
        for (const auto& [judge, verdict] : last_) {
            count += verdict.names(node) ? 1 : 0;
        }
        return count;
    }
    [[nodiscard]] bool ever_named(base::NodeId node) const { return ever_named_.contains(node); }

private:
    std::map<base::NodeId, time::ClockVerdict> last_;
    std::set<base::NodeId> ever_named_;
};

struct City {
    sim::Site site;
    std::string title;
};

std::vector<City> cities() {
    std::vector<City> cities;
    for (const std::string_view name : time::twelve_cities()) {
        const auto place = time::find_place(name);
        CHECK(place.has_value(), name);
        std::string title(place->city.substr(0, place->city.find(',')));
        cities.push_back({{title, place->at}, std::string(place->city)});
    }
    return cities;
}

gossip::GossipOptions options_for(world::Address self, const std::vector<City>& cities) {
    gossip::GossipOptions options;
    options.self = self;
    for (std::size_t i = 0; i < cities.size(); ++i) {
        if (const base::NodeId node{i + 1}; node != self.node) {
            const auto floor =
                time::light_floor(cities[self.node.value - 1].site.place, cities[i].site.place);
            options.peers.push_back({{node, self.reactor}, floor});
        }
    }
    return options;
}

std::string signed_text(time::Duration error) {
    return (error > time::Duration::zero() ? "+" : "") + short_text(error);
}

void print_cities(const std::vector<City>& cities, sim::Planet& planet, const Output& output) {
    Table table({{"city"},
                 {"from " + cities[0].site.name, Align::kRight},
                 {"light there and back", Align::kRight},
                 {"clock is wrong by", Align::kRight}});
    for (std::size_t i = 0; i < cities.size(); ++i) {
        const double metres = time::geodesic_metres(cities[0].site.place, cities[i].site.place);
        const time::Duration error = planet.node({i + 1}).clock().error(sim::TrueTime());
        const bool good = error >= -kHealthyClockError && error <= kHealthyClockError;
        table.row({cities[i].title,
                   kilometres(metres),
                   short_text(2 * time::light_floor(metres)),
                   {signed_text(error), good ? Tone::kPlain : Tone::kBad}});
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

void print_faults(const sim::FaultCounts& faults, const Output& output) {
    output.out << "\nWhat struck them:\n";
    Table table({{"fault"}, {"times", Align::kRight}, {"what happened"}});
    for (std::size_t i = 0; i < sim::kFaultCount; ++i) {
        if (faults[i] > 0) {
            table.row({std::string(sim::kFaultLabels[i]), grouped(faults[i]),
                       std::string(sim::kFaultMeanings[i])});
        }
    }
    table.print(output.out, output.out_colours);
}

void print_conclusions(const std::vector<City>& cities, sim::Planet& planet,
                       const DemoChecker& checker, const Output& output) {
    output.out << "\nWhat they concluded, by talking alone (nobody showed them the true time):\n";
    Table table({{"city"}, {"clock is wrong by", Align::kRight}, {"named as off by"}, {"before"}});
    for (std::size_t i = 0; i < cities.size(); ++i) {
        const base::NodeId node{i + 1};
        const std::size_t named = checker.named_by(node);
        const bool broken = planet.nemesis().broken_for_ever().contains(node);
        table.row({cities[i].site.name + (broken ? " (left broken)" : ""),
                   signed_text(planet.node(node).clock().error(planet.ends_at())),
                   {named == 0 ? "nobody" : counted(named, "node"),
                    named == 0 ? Tone::kGood : Tone::kWarn},
                   checker.ever_named(node) ? "was named" : ""});
    }
    table.print(output.out, output.out_colours);
}

}  // namespace

Exit run_sim_demo(const SimDemo& options, const Output& output) {
    const Stopwatch watch;
    const std::vector<City> places = cities();
    std::vector<sim::Site> sites;
    for (const City& city : places) {
        sites.push_back(city.site);
    }
    std::unique_ptr<DemoChecker> checker;
    sim::Planet planet({.seed = options.seed,
                        .sites = sites,
                        .length = kLength,
                        .reactors_per_node = 1,
                        .clock_error_max = kHealthyClockError},
                       [&](world::World& world) {
                           return gossip::run_gossip(
                               world, options_for({world.node(), world.reactors().self()}, places),
                               *checker);
                       });
    checker = std::make_unique<DemoChecker>(planet, gossip::GossipOptions{});
    output.out << "Twelve cities keep time by talking to each other, for three simulated minutes.\n"
                  "None of them can see the true time; some have clocks that are wrong.\n\n";
    print_cities(places, planet, output);
    DemoStory story(planet, output);
    planet.run([&] {
        story.look();
        return false;
    });
    checker->finish();
    print_faults(planet.stage().faults, output);
    print_conclusions(places, planet, *checker, output);
    output.out << '\n'
               << grouped(planet.stage().events.events_run()) << " events in "
               << short_text(watch.elapsed()) << "; a checker that knows the truth watched each, ";
    const std::size_t violations = checker->violations().size();
    output.out << (violations == 0
                       ? painted("and no promise was broken", Tone::kGood, output.out_colours)
                       : painted("and found " + counted(violations, "violation"), Tone::kBad,
                                 output.out_colours))
               << ".\n\nNext: distkv sim gossip --seeds 100 runs a hundred planets.\n";
    for (const std::string& violation : checker->violations()) {
        output.out << "  " << violation << '\n';
    }
    return violations == 0 ? Exit::kFine : Exit::kRefused;
}

}  // namespace distkv::distkv
