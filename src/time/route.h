// The routed graph: regions, and the links between them that really exist. Distances between
// regions follow the cables; a cut cable lengthens paths, and with them the diameter and every
// timeout that was derived from it.
//
// Answers depend on nothing but the graph: of several paths equally long, the one with fewer hops
// is taken, then the one whose names come first.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "time/geography.h"
#include "time/timeouts.h"

namespace distkv::time {

struct LinkProfile {
    double route_factor =
        kRouteFactor;  // Length of the cable by length of the straight line; >= 1.
    std::optional<MeasuredRtt> measured;  // Overrides what the length suggests.
};

struct Path {
    std::vector<std::string> regions;  // From one end to the other, both included.
    Duration one_way{0};      // Expected: half of the median round trips measured, else the cables.
    Duration one_way_p99{0};  // If every link of it is slow at once.
    Duration floor{0};        // Light straight between the ends; no cut and no cable changes it.

    bool operator==(const Path&) const = default;
};

struct RegionPair {
    std::string a;
    std::string b;

    auto operator<=>(const RegionPair&) const = default;
};

class RouteGraph {
public:
    base::Result<void> add_region(std::string_view name, Coordinates at);
    base::Result<void> add_link(std::string_view a, std::string_view b, LinkProfile profile = {});
    // A link between every two regions that have none yet.
    base::Result<void> link_all(LinkProfile profile = {});

    base::Result<void> cut(std::string_view a, std::string_view b);
    base::Result<void> mend(std::string_view a, std::string_view b);

    // kNotFound when there is no way.
    [[nodiscard]] base::Result<Path> shortest(std::string_view a, std::string_view b) const;
    // The shortest path to every region that can be reached, `from` itself included.
    [[nodiscard]] std::map<std::string, Path, std::less<>> paths_from(std::string_view from) const;
    // The longest of the shortest paths; nothing below two connected regions.
    [[nodiscard]] std::optional<Path> diameter() const;
    [[nodiscard]] std::vector<RegionPair> unreachable() const;
    // Of the whole cluster: from the diameter, and the largest floor between any two regions that
    // can reach each other.
    [[nodiscard]] std::optional<Timeouts> timeouts() const;

    [[nodiscard]] const std::map<std::string, Coordinates, std::less<>>& regions() const {
        return regions_;
    }

private:
    struct Link {
        Duration one_way;
        Duration one_way_p99;
        bool cut = false;
    };
    [[nodiscard]] base::Result<RegionPair> pair_of(std::string_view a, std::string_view b) const;
    base::Result<void> set_cut(std::string_view a, std::string_view b, bool cut);

    std::map<std::string, Coordinates, std::less<>> regions_;
    std::map<RegionPair, Link> links_;  // a < b
    std::map<std::string, std::vector<std::string>, std::less<>> neighbours_;
};

struct Rerouted {
    RegionPair pair;
    Path before;
    std::optional<Path> after;  // Nothing: cut off.
};

struct CutReport {
    RegionPair link;
    std::vector<Rerouted> rerouted;  // Only the pairs whose path changes.
    std::optional<Path> diameter_before;
    std::optional<Path> diameter_after;
    std::optional<Timeouts> timeouts_before;
    std::optional<Timeouts> timeouts_after;
};

// What would change if this link were cut.
base::Result<CutReport> what_if_cut(const RouteGraph& graph, std::string_view a,
                                    std::string_view b);

}  // namespace distkv::time
