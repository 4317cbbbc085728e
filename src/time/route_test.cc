#include "time/route.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

// Four regions on the equator, 10 degrees (5.565975 ms of light) apart, in a line, and a detour.
RouteGraph line() {
    RouteGraph graph;
    EXPECT_TRUE(graph.add_region("a", {0, 0}).has_value());
    EXPECT_TRUE(graph.add_region("b", {0, 10}).has_value());
    EXPECT_TRUE(graph.add_region("c", {0, 20}).has_value());
    EXPECT_TRUE(graph.add_region("d", {20, 10}).has_value());
    EXPECT_TRUE(graph.add_link("a", "b").has_value());
    EXPECT_TRUE(graph.add_link("b", "c").has_value());
    EXPECT_TRUE(graph.add_link("a", "d").has_value());
    EXPECT_TRUE(graph.add_link("d", "c").has_value());
    return graph;
}

std::vector<std::string> names(std::initializer_list<const char*> list) {
    return {list.begin(), list.end()};
}

TEST(Route, FollowsTheShortestCables) {
    const RouteGraph graph = line();
    const Path path = graph.shortest("a", "c").value();
    EXPECT_EQ(path.regions, names({"a", "b", "c"}));
    const Duration hop = light_floor(Coordinates{0, 0}, Coordinates{0, 10});
    EXPECT_NEAR(to_millis(path.one_way), to_millis(2 * hop) * 2.5, 0.001);
    EXPECT_NEAR(to_millis(path.floor), to_millis(2 * hop), 0.001);
    EXPECT_EQ(graph.shortest("c", "a").value().regions, names({"c", "b", "a"}));
    EXPECT_EQ(graph.shortest("a", "a").value().one_way, 0s);
    EXPECT_TRUE(graph.unreachable().empty());
}

TEST(Route, ACutRecomputesPathsDiameterAndTimeouts) {
    const CutReport report = what_if_cut(line(), "c", "b").value();
    EXPECT_EQ(report.link, (RegionPair{"b", "c"}));
    ASSERT_EQ(report.rerouted.size(), 2U);
    EXPECT_EQ(report.rerouted[0].pair, (RegionPair{"a", "c"}));
    EXPECT_EQ(report.rerouted[0].after->regions, names({"a", "d", "c"}));
    EXPECT_EQ(report.rerouted[1].pair, (RegionPair{"b", "c"}));
    EXPECT_GT(report.diameter_after->one_way, report.diameter_before->one_way);
    EXPECT_GT(report.timeouts_after->election_min, report.timeouts_before->election_min);
    // Light itself does not care about cables.
    EXPECT_EQ(report.timeouts_after->rtt_floor, report.timeouts_before->rtt_floor);
    EXPECT_EQ(report.rerouted[0].after->floor, report.rerouted[0].before.floor);
}

TEST(Route, CutOffRegionsAreListed) {
    RouteGraph graph = line();
    ASSERT_TRUE(graph.cut("b", "a").has_value());
    ASSERT_TRUE(graph.cut("b", "c").has_value());
    EXPECT_EQ(graph.unreachable(), (std::vector<RegionPair>{{"a", "b"}, {"b", "c"}, {"b", "d"}}));
    EXPECT_EQ(error_of(graph.shortest("a", "b")).code, base::Errc::kNotFound);
    ASSERT_TRUE(graph.mend("a", "b").has_value());
    EXPECT_TRUE(graph.unreachable().empty());
    const CutReport report = what_if_cut(graph, "a", "b").value();
    EXPECT_FALSE(report.rerouted[0].after.has_value());
}

TEST(Route, MeasuredRoundTripsReplaceTheGuess) {
    RouteGraph graph = line();
    RouteGraph measured;
    for (const auto& [name, at] : graph.regions()) {
        ASSERT_TRUE(measured.add_region(name, at).has_value());
    }
    ASSERT_TRUE(measured.add_link("a", "b", {.measured = MeasuredRtt{.p50 = 40ms, .p99 = 90ms}})
                    .has_value());
    const Path path = measured.shortest("a", "b").value();
    EXPECT_EQ(path.one_way, 20ms);
    EXPECT_EQ(path.one_way_p99, 45ms);
    // A measurement faster than light is overruled.
    ASSERT_TRUE(
        measured.add_link("b", "c", {.measured = MeasuredRtt{.p50 = 1us, .p99 = 1us}}).has_value());
    EXPECT_EQ(measured.shortest("b", "c").value().one_way,
              light_floor(Coordinates{0, 10}, Coordinates{0, 20}));
}

TEST(Route, EquallyLongPathsHaveOneWinner) {
    // A square of equal measured links: via b or via c; b comes first.
    RouteGraph graph;
    for (const char* name : {"a", "b", "c", "z"}) {
        ASSERT_TRUE(graph.add_region(name, {1, 1}).has_value());
    }
    const LinkProfile same{.measured = MeasuredRtt{.p50 = 10ms, .p99 = 20ms}};
    for (const auto& [from, to] : {std::pair("c", "a"), {"c", "z"}, {"b", "z"}, {"a", "b"}}) {
        ASSERT_TRUE(graph.add_link(from, to, same).has_value());
    }
    EXPECT_EQ(graph.shortest("a", "z").value().regions, names({"a", "b", "z"}));
    EXPECT_EQ(graph.shortest("z", "a").value().regions, names({"z", "b", "a"}));
    // Fewer hops win among equals.
    ASSERT_TRUE(
        graph.add_link("a", "z", {.measured = MeasuredRtt{.p50 = 20ms, .p99 = 20ms}}).has_value());
    EXPECT_EQ(graph.shortest("a", "z").value().regions, names({"a", "z"}));
}

TEST(Route, MistakesAreNamed) {
    RouteGraph graph = line();
    EXPECT_FALSE(graph.add_region("a", {0, 0}).has_value());
    EXPECT_FALSE(graph.add_region("", {0, 0}).has_value());
    EXPECT_FALSE(graph.add_region("e", {100, 0}).has_value());
    EXPECT_FALSE(graph.add_link("a", "a").has_value());
    EXPECT_FALSE(graph.add_link("a", "b").has_value());
    EXPECT_FALSE(graph.add_link("a", "nowhere").has_value());
    EXPECT_FALSE(graph.add_link("a", "c", {.route_factor = 0.9}).has_value());
    EXPECT_FALSE(
        graph.add_link("a", "c", {.measured = MeasuredRtt{.p50 = 2s, .p99 = 1s}}).has_value());
    EXPECT_FALSE(graph.cut("a", "c").has_value());
    EXPECT_FALSE(graph.shortest("a", "nowhere").has_value());
    EXPECT_FALSE(what_if_cut(graph, "a", "c").has_value());
    EXPECT_FALSE(RouteGraph().diameter().has_value());
    EXPECT_FALSE(RouteGraph().timeouts().has_value());
}

// Against Floyd and Warshall on random graphs.
TEST(Route, AgreesWithAnotherAlgorithm) {
    base::Rng rng(5);
    for (int round = 0; round < 100; ++round) {
        RouteGraph graph;
        const std::size_t n = 2 + rng.below(8);
        std::vector<std::vector<Duration>> best(n, std::vector<Duration>(n, 1000h));
        const auto name = [](std::size_t i) { return std::string(1, static_cast<char>('a' + i)); };
        for (std::size_t i = 0; i < n; ++i) {
            ASSERT_TRUE(graph.add_region(name(i), {0, 0}).has_value());
            best[i][i] = 0s;
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = i + 1; j < n; ++j) {
                if (rng.chance(500'000)) {
                    const Duration rtt = 2ms * rng.between(1, 5);
                    ASSERT_TRUE(graph
                                    .add_link(name(j), name(i),
                                              {.measured = MeasuredRtt{.p50 = rtt, .p99 = rtt}})
                                    .has_value());
                    best[i][j] = best[j][i] = rtt / 2;
                }
            }
        }
        for (std::size_t k = 0; k < n; ++k) {
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t j = 0; j < n; ++j) {
                    best[i][j] = std::min(best[i][j], best[i][k] + best[k][j]);
                }
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                const base::Result<Path> path = graph.shortest(name(i), name(j));
                ASSERT_EQ(path ? path->one_way : Duration(1000h), best[i][j]);
            }
        }
    }
}

TEST(Route, AFullMeshOfTheTwelveCities) {
    RouteGraph graph;
    for (const std::string_view city : twelve_cities()) {
        ASSERT_TRUE(graph.add_region(city, find_place(city).value().at).has_value());
    }
    ASSERT_TRUE(graph.link_all().has_value());
    EXPECT_TRUE(graph.unreachable().empty());
    const Path longest = graph.diameter().value();
    EXPECT_GT(longest.floor, 80ms);
    EXPECT_LE(longest.floor, 101ms);  // Half of the Earth.
    EXPECT_GE(longest.one_way, longest.floor * 2);
}

}  // namespace
}  // namespace distkv::time
