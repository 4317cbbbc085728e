#include "distkv/physics.h"

#include <algorithm>
#include <array>
#include <optional>
#include <ostream>
#include <utility>

#include "distkv/arguments.h"
#include "distkv/json.h"
#include "distkv/number_text.h"
#include "distkv/table.h"
#include "time/geography.h"
#include "time/route.h"

namespace distkv::distkv {
namespace {

using base::Errc;
using base::fail;
using base::Result;

struct Region {
    std::string name;
    std::string city;  // Empty when coordinates were given.
    time::Coordinates at;
};

struct Pair {
    const Region& a;
    const Region& b;
    double metres;
    std::optional<time::Path> path;  // Nothing: cut off.
    time::Timeouts timeouts;
};

Result<Region> region_of(const std::string& word) {
    if (word.find(',') != std::string::npos) {
        return Region{printable(word), "", TRY(time::parse_coordinates(word))};
    }
    const time::Place place = TRY(time::find_place(word));
    return Region{std::string(place.name), std::string(place.city), place.at};
}

// Who names one of them here may have meant another verb.
std::string meant_verb(const std::string& word) {
    const std::array<std::string, 2> verbs{"budget", "cone"};
    const std::string near = suggestion(word, verbs);
    return near.empty() ? "" : "distkv physics has no verb " + in_quotes(word) + "; " + near;
}

Result<std::vector<Region>> regions_of(const std::vector<std::string>& places) {
    if (places.size() < 2 || places.size() > kPlacesMax) {
        return fail(Errc::kInvalid, std::to_string(places.size()) +
                                        (places.size() == 1 ? " place" : " places") +
                                        "; 2 to 64 would be right, like us-east eu-west asia-pac");
    }
    std::vector<Region> regions;
    for (const std::string& place : places) {
        if (std::string meant = meant_verb(place); !meant.empty() && !region_of(place)) {
            return fail(Errc::kInvalid, std::move(meant));
        }
        Region region = TRY(region_of(place));
        if (std::ranges::find(regions, region.name, &Region::name) != regions.end()) {
            return fail(Errc::kInvalid, in_quotes(place) + " is the place " + region.name +
                                            ", which is there already; different places would "
                                            "be right");
        }
        regions.push_back(std::move(region));
    }
    return regions;
}

// The dash may stand inside a name too: the split that gives two known places is meant.
Result<time::RegionPair> pair_named(std::string_view word, const time::RouteGraph& graph) {
    for (std::size_t dash = word.find('-'); dash != std::string_view::npos;
         dash = word.find('-', dash + 1)) {
        const auto a = region_of(std::string(word.substr(0, dash)));
        const auto b = region_of(std::string(word.substr(dash + 1)));
        if (a && b && graph.regions().contains(a->name) && graph.regions().contains(b->name)) {
            return time::RegionPair{a->name, b->name};
        }
    }
    return fail(Errc::kInvalid, "--cut " + in_quotes(word) +
                                    " is no link between two of the places; two of them with a "
                                    "dash between would be right, like us-east-eu-west");
}

Result<time::RouteGraph> graph_of(const std::vector<Region>& regions, double route_factor) {
    time::RouteGraph graph;
    for (const Region& region : regions) {
        TRY(graph.add_region(region.name, region.at));
    }
    TRY(graph.link_all({.route_factor = route_factor}));
    return graph;
}

std::vector<Pair> pairs_of(const std::vector<Region>& regions, const time::RouteGraph& graph) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        for (std::size_t j = i + 1; j < regions.size(); ++j) {
            const Region& a = regions[i];
            const Region& b = regions[j];
            Pair pair{a, b, time::geodesic_metres(a.at, b.at), std::nullopt, {}};
            if (auto path = graph.shortest(a.name, b.name)) {
                pair.timeouts = time::suggest_timeouts(
                    {.floor_one_way = path->floor,
                     .route_one_way = path->one_way,
                     .measured = time::MeasuredRtt{2 * path->one_way, 2 * path->one_way_p99}});
                pair.path = std::move(*path);
            }
            pairs.push_back(std::move(pair));
        }
    }
    return pairs;
}

std::string way(const time::Path& path) {
    std::string text;
    for (const std::string& region : path.regions) {
        text += (text.empty() ? "" : " - ") + region;
    }
    return text;
}

void print_places(const std::vector<Region>& regions, const Output& output) {
    Table table({{"place"}, {"city"}, {"latitude, longitude"}});
    for (const Region& region : regions) {
        table.row({region.name, region.city, time::to_string(region.at)});
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

void print_distances(const std::vector<Pair>& pairs, const Output& output) {
    Table table({{"between"},
                 {"distance", Align::kRight},
                 {"light, one way", Align::kRight},
                 {"light, both ways", Align::kRight},
                 {"expected round trip", Align::kRight},
                 {"slowest percent", Align::kRight}});
    for (const Pair& pair : pairs) {
        const time::Duration floor = time::light_floor(pair.metres);
        const bool connected = pair.path.has_value();
        table.row({pair.a.name + " - " + pair.b.name, kilometres(pair.metres), short_text(floor),
                   short_text(2 * floor),
                   connected ? Cell(short_text(pair.timeouts.rtt_p50)) : Cell("none", Tone::kBad),
                   connected ? short_text(pair.timeouts.rtt_p99) : "-"});
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

std::vector<Cell> timeout_cells(std::string name, const time::Timeouts& timeouts) {
    return {std::move(name),
            short_text(timeouts.heartbeat),
            short_text(timeouts.rpc_deadline),
            short_text(timeouts.election_min) + " to " + short_text(timeouts.election_max),
            short_text(timeouts.failover),
            short_text(timeouts.partition_suspected)};
}

void print_timeouts(const std::vector<Pair>& pairs, const time::RouteGraph& graph,
                    const Output& output) {
    Table table({{"suggested for"},
                 {"heartbeat", Align::kRight},
                 {"RPC deadline", Align::kRight},
                 {"election timeout", Align::kRight},
                 {"failover", Align::kRight},
                 {"partition suspected", Align::kRight}});
    for (const Pair& pair : pairs) {
        if (pair.path) {
            table.row(timeout_cells(pair.a.name + " - " + pair.b.name, pair.timeouts));
        }
    }
    if (const auto all = graph.timeouts(); all && pairs.size() > 1) {
        table.row(timeout_cells("all together", *all));
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

std::string diameter_text(const std::optional<time::Path>& path,
                          const std::optional<time::Timeouts>& timeouts) {
    if (!path || !timeouts) {
        return "none, no two places are connected";
    }
    return way(*path) + ", " + short_text(path->one_way) +
           " one way; no consensus of all can take less than " +
           short_text(timeouts->consensus_floor);
}

void print_cut(const time::CutReport& cut, const Output& output) {
    output.out << '\n'
               << painted("If the link " + cut.link.a + " - " + cut.link.b + " is cut:",
                          Tone::kBold, output.out_colours)
               << '\n';
    Table table(
        {{"between"}, {"round trip", Align::kRight}, {"then", Align::kRight}, {"by way of"}});
    for (const time::Rerouted& changed : cut.rerouted) {
        table.row({changed.pair.a + " - " + changed.pair.b, short_text(2 * changed.before.one_way),
                   changed.after ? Cell(short_text(2 * changed.after->one_way), Tone::kWarn)
                                 : Cell("none", Tone::kBad),
                   changed.after ? way(*changed.after) : "cut off"});
    }
    table.print(output.out, output.out_colours);
    output.out << "diameter before  " << diameter_text(cut.diameter_before, cut.timeouts_before)
               << "\ndiameter after   " << diameter_text(cut.diameter_after, cut.timeouts_after)
               << '\n';
    if (cut.timeouts_before && cut.timeouts_after) {
        const time::Timeouts& before = *cut.timeouts_before;
        const time::Timeouts& after = *cut.timeouts_after;
        output.out << "timeouts of all  election " << short_text(before.election_min) << " -> "
                   << short_text(after.election_min) << ", RPC deadline "
                   << short_text(before.rpc_deadline) << " -> " << short_text(after.rpc_deadline)
                   << ", failover " << short_text(before.failover) << " -> "
                   << short_text(after.failover) << '\n';
    }
}

Json milliseconds(time::Duration duration) {
    return {time::to_millis(duration)};
}

Json timeouts_json(const time::Timeouts& timeouts) {
    return Json::Object{{"rtt_floor_ms", milliseconds(timeouts.rtt_floor)},
                        {"rtt_p50_ms", milliseconds(timeouts.rtt_p50)},
                        {"rtt_p99_ms", milliseconds(timeouts.rtt_p99)},
                        {"consensus_floor_ms", milliseconds(timeouts.consensus_floor)},
                        {"partition_suspected_ms", milliseconds(timeouts.partition_suspected)},
                        {"heartbeat_ms", milliseconds(timeouts.heartbeat)},
                        {"election_min_ms", milliseconds(timeouts.election_min)},
                        {"election_max_ms", milliseconds(timeouts.election_max)},
                        {"rpc_deadline_ms", milliseconds(timeouts.rpc_deadline)},
                        {"failover_ms", milliseconds(timeouts.failover)}};
}

Json path_json(const std::optional<time::Path>& path) {
    if (!path) {
        return {};
    }
    return Json::Object{{"way", Json::Array(path->regions.begin(), path->regions.end())},
                        {"one_way_ms", milliseconds(path->one_way)},
                        {"one_way_p99_ms", milliseconds(path->one_way_p99)},
                        {"floor_ms", milliseconds(path->floor)}};
}

Json cut_json(const time::CutReport& cut) {
    Json::Array rerouted;
    for (const time::Rerouted& changed : cut.rerouted) {
        rerouted.emplace_back(Json::Object{{"a", changed.pair.a},
                                           {"b", changed.pair.b},
                                           {"before", path_json(changed.before)},
                                           {"after", path_json(changed.after)}});
    }
    const auto all = [](const std::optional<time::Timeouts>& timeouts) {
        return timeouts ? timeouts_json(*timeouts) : Json();
    };
    return Json::Object{{"a", cut.link.a},
                        {"b", cut.link.b},
                        {"rerouted", std::move(rerouted)},
                        {"diameter_before", path_json(cut.diameter_before)},
                        {"diameter_after", path_json(cut.diameter_after)},
                        {"timeouts_before", all(cut.timeouts_before)},
                        {"timeouts_after", all(cut.timeouts_after)}};
}

struct Answer {
    std::vector<Region> regions;
    time::RouteGraph graph;
    std::vector<time::CutReport> cuts;  // Each on top of those before it.
};

Result<Answer> answer(const Physics& options) {
    Answer answer{TRY(regions_of(options.places)), {}, {}};
    answer.graph = TRY(graph_of(answer.regions, options.route_factor));
    time::RouteGraph after = answer.graph;
    for (const std::string& word : options.cuts) {
        const time::RegionPair link = TRY(pair_named(word, answer.graph));
        answer.cuts.push_back(TRY(time::what_if_cut(after, link.a, link.b)));
        TRY(after.cut(link.a, link.b));
    }
    return answer;
}

void print_json(const Answer& answer, const std::vector<Pair>& pairs, const Output& output) {
    Json::Array list;
    for (const Pair& pair : pairs) {
        list.emplace_back(Json::Object{{"a", pair.a.name},
                                       {"b", pair.b.name},
                                       {"kilometres", pair.metres / 1000},
                                       {"path", path_json(pair.path)},
                                       {"timeouts", timeouts_json(pair.timeouts)}});
    }
    Json::Array cuts;
    for (const time::CutReport& cut : answer.cuts) {
        cuts.emplace_back(cut_json(cut));
    }
    const auto all = answer.graph.timeouts();
    output.out << Json(Json::Object{{"pairs", std::move(list)},
                                    {"diameter", path_json(answer.graph.diameter())},
                                    {"timeouts", all ? timeouts_json(*all) : Json()},
                                    {"cuts", std::move(cuts)}})
                      .line()
               << '\n';
}

}  // namespace

Exit run_physics(const Physics& options, const Output& output) {
    const Result<Answer> found = answer(options);
    if (!found) {
        return complain(output, Exit::kBadUsage, found.error().detail);
    }
    const std::vector<Pair> pairs = pairs_of(found->regions, found->graph);
    if (options.json) {
        print_json(*found, pairs, output);
        return Exit::kFine;
    }
    print_places(found->regions, output);
    print_distances(pairs, output);
    print_timeouts(pairs, found->graph, output);
    output.out << painted("diameter  ", Tone::kBold, output.out_colours)
               << diameter_text(found->graph.diameter(), found->graph.timeouts()) << '\n'
               << "Light in fibre covers 200,000 km a second; cables are taken to be "
               << fixed_decimals(options.route_factor, 1)
               << " times as long\nas the straight line (--route-factor).\n";
    for (const time::CutReport& cut : found->cuts) {
        print_cut(cut, output);
    }
    return Exit::kFine;
}

}  // namespace distkv::distkv
