#include "time/route.h"

#include <algorithm>
#include <utility>

#include "time/saturate.h"

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kRegionsMax = 256;  // All pairs are looked at: 256 take a second.
constexpr double kRouteFactorMax = 100;

std::string quoted(std::string_view name) {
    return "'" + std::string(name.substr(0, 64)) + "'";
}

base::Result<void> validate_link(const LinkProfile& profile) {
    if (!(profile.route_factor >= 1 && profile.route_factor <= kRouteFactorMax)) {
        return fail(Errc::kInvalid, "a route factor of " + std::to_string(profile.route_factor) +
                                        "; a cable is 1 to 100 times the straight line");
    }
    if (profile.measured && (profile.measured->p50 < Duration::zero() ||
                             profile.measured->p99 < profile.measured->p50)) {
        return fail(Errc::kInvalid,
                    "measured round trips: p50 must be at least zero, and p99 at "
                    "least p50");
    }
    return {};
}

// The order of preference; names decide last, and all paths compared start at one region.
bool better(const Path& a, const Path& b) {
    if (a.one_way != b.one_way) {
        return a.one_way < b.one_way;
    }
    if (a.regions.size() != b.regions.size()) {
        return a.regions.size() < b.regions.size();
    }
    return a.regions < b.regions;
}

}  // namespace

base::Result<void> RouteGraph::add_region(std::string_view name, Coordinates at) {
    TRY(validate(at));
    if (name.empty() || regions_.contains(name)) {
        return fail(Errc::kInvalid, "region " + quoted(name) +
                                        (name.empty() ? ": a region needs a name" : " exists"));
    }
    if (regions_.size() >= kRegionsMax) {
        return fail(Errc::kInvalid, "more than 256 regions");
    }
    regions_.emplace(name, at);
    return {};
}

base::Result<RegionPair> RouteGraph::pair_of(std::string_view a, std::string_view b) const {
    for (const std::string_view name : {a, b}) {
        if (!regions_.contains(name)) {
            return fail(Errc::kNotFound, "there is no region " + quoted(name));
        }
    }
    if (a == b) {
        return fail(Errc::kInvalid, "a link from " + quoted(a) + " to itself");
    }
    return RegionPair{std::string(std::min(a, b)), std::string(std::max(a, b))};
}

base::Result<void> RouteGraph::add_link(std::string_view a, std::string_view b,
                                        LinkProfile profile) {
    RegionPair pair = TRY(pair_of(a, b));
    TRY(validate_link(profile));
    if (links_.contains(pair)) {
        return fail(Errc::kInvalid, "the link " + pair.a + " - " + pair.b + " exists");
    }
    // Each link on its own obeys light too, whatever was measured.
    const Duration floor = light_floor(regions_.at(pair.a), regions_.at(pair.b));
    Link link{scaled(floor, profile.route_factor), {}, false};
    link.one_way_p99 = scaled(link.one_way, kTailFactor);
    if (profile.measured) {
        link.one_way = std::max(floor, profile.measured->p50 / 2);
        link.one_way_p99 = std::max(link.one_way, profile.measured->p99 / 2);
    }
    neighbours_[pair.a].push_back(pair.b);
    neighbours_[pair.b].push_back(pair.a);
    links_.emplace(std::move(pair), link);
    return {};
}

base::Result<void> RouteGraph::link_all(LinkProfile profile) {
    for (auto a = regions_.begin(); a != regions_.end(); ++a) {
        for (auto b = std::next(a); b != regions_.end(); ++b) {
            if (!links_.contains({a->first, b->first})) {
                TRY(add_link(a->first, b->first, profile));
            }
        }
    }
    return {};
}

base::Result<void> RouteGraph::set_cut(std::string_view a, std::string_view b, bool cut) {
    const auto link = links_.find(TRY(pair_of(a, b)));
    if (link == links_.end()) {
        return fail(Errc::kNotFound, "there is no link " + quoted(a) + " - " + quoted(b));
    }
    link->second.cut = cut;
    return {};
}

base::Result<void> RouteGraph::cut(std::string_view a, std::string_view b) {
    return set_cut(a, b, true);
}

base::Result<void> RouteGraph::mend(std::string_view a, std::string_view b) {
    return set_cut(a, b, false);
}

// Dijkstra; the frontier is small, so the best of it is found by looking at all.
std::map<std::string, Path, std::less<>> RouteGraph::paths_from(std::string_view from) const {
    std::map<std::string, Path, std::less<>> done;
    std::map<std::string, Path, std::less<>> frontier;
    const auto origin = regions_.find(from);
    if (origin != regions_.end()) {
        frontier[origin->first].regions = {origin->first};
    }
    while (!frontier.empty()) {
        const auto best = std::ranges::min_element(
            frontier, [](const auto& a, const auto& b) { return better(a.second, b.second); });
        const auto settled = done.insert(frontier.extract(best)).position;
        const auto& [here, path] = *settled;
        const auto around = neighbours_.find(here);
        if (around == neighbours_.end()) {
            continue;
        }
        for (const std::string& there : around->second) {
            const Link& link = links_.at({std::min(here, there), std::max(here, there)});
            if (link.cut || done.contains(there)) {
                continue;
            }
            Path longer{path.regions, path.one_way + link.one_way,
                        path.one_way_p99 + link.one_way_p99,
                        light_floor(origin->second, regions_.find(there)->second)};
            longer.regions.push_back(there);
            const auto known = frontier.find(there);
            if (known == frontier.end() || better(longer, known->second)) {
                frontier[there] = std::move(longer);
            }
        }
    }
    return done;
}

base::Result<Path> RouteGraph::shortest(std::string_view a, std::string_view b) const {
    for (const std::string_view name : {a, b}) {
        if (!regions_.contains(name)) {
            return fail(Errc::kNotFound, "there is no region " + quoted(name));
        }
    }
    // Always searched from the first name, so that there and back are the same path.
    const auto paths = paths_from(std::min(a, b));
    const auto found = paths.find(std::max(a, b));
    if (found == paths.end()) {
        return fail(Errc::kNotFound, "there is no way from " + quoted(a) + " to " + quoted(b));
    }
    Path path = found->second;
    if (b < a) {
        std::ranges::reverse(path.regions);
    }
    return path;
}

std::optional<Path> RouteGraph::diameter() const {
    std::optional<Path> longest;
    for (const auto& [from, at] : regions_) {
        for (const auto& [to, path] : paths_from(from)) {
            // Each pair once, and the first of equals in the order of names.
            if (from < to && (!longest || path.one_way > longest->one_way)) {
                longest = path;
            }
        }
    }
    return longest;
}

std::vector<RegionPair> RouteGraph::unreachable() const {
    std::vector<RegionPair> pairs;
    for (const auto& [from, at] : regions_) {
        const auto paths = paths_from(from);
        for (const auto& [to, to_at] : regions_) {
            if (from < to && !paths.contains(to)) {
                pairs.push_back({from, to});
            }
        }
    }
    return pairs;
}

std::optional<Timeouts> RouteGraph::timeouts() const {
    const std::optional<Path> longest = diameter();
    if (!longest) {
        return std::nullopt;
    }
    Span span{Duration::zero(), longest->one_way,
              MeasuredRtt{2 * longest->one_way, 2 * longest->one_way_p99}};
    for (const auto& [from, at] : regions_) {
        for (const auto& [to, path] : paths_from(from)) {
            span.floor_one_way = std::max(span.floor_one_way, path.floor);
        }
    }
    return suggest_timeouts(span);
}

base::Result<CutReport> what_if_cut(const RouteGraph& graph, std::string_view a,
                                    std::string_view b) {
    RouteGraph after = graph;
    TRY(after.cut(a, b));
    CutReport report{{std::string(std::min(a, b)), std::string(std::max(a, b))},
                     {},
                     graph.diameter(),
                     after.diameter(),
                     graph.timeouts(),
                     after.timeouts()};
    for (const auto& [from, at] : graph.regions()) {
        const auto then = after.paths_from(from);
        for (const auto& [to, path] : graph.paths_from(from)) {
            const auto now = then.find(to);
            if (from < to && (now == then.end() || now->second != path)) {
                report.rerouted.push_back(
                    {{from, to},
                     path,
                     now == then.end() ? std::nullopt : std::optional<Path>(now->second)});
            }
        }
    }
    return report;
}

}  // namespace distkv::time
