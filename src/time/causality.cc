#include "time/causality.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::size_t kEventsMax = 100'000;

// The events as a graph: for each, its direct causes and effects by index.
struct Graph {
    std::vector<std::vector<std::size_t>> causes;
    std::vector<std::vector<std::size_t>> effects;
    std::vector<std::size_t> parents_missing;
    std::map<EventId, std::size_t> index_of;

    void add(std::size_t cause, std::size_t effect) {
        causes[effect].push_back(cause);
        effects[cause].push_back(effect);
    }

    [[nodiscard]] bool leads(std::size_t from, std::size_t to) const {
        std::vector<bool> seen(effects.size(), false);
        std::vector<std::size_t> open{from};
        while (!open.empty()) {
            const std::size_t here = open.back();
            open.pop_back();
            if (here == to) {
                return true;
            }
            for (const std::size_t next : effects[here]) {
                if (!seen[next]) {
                    seen[next] = true;
                    open.push_back(next);
                }
            }
        }
        return false;
    }
};

Result<Graph> graph_of(const std::vector<TracedEvent>& events) {
    if (events.size() > kEventsMax) {
        return fail(Errc::kInvalid, "more than 100000 events");
    }
    Graph graph;
    graph.causes.resize(events.size());
    graph.effects.resize(events.size());
    graph.parents_missing.resize(events.size());
    std::map<std::tuple<base::NodeId, Hlc, EventId>, std::size_t> by_node;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (!graph.index_of.emplace(events[i].id, i).second) {
            return fail(Errc::kInvalid,
                        "two events have the id " + std::to_string(events[i].id.value));
        }
        by_node.emplace(std::tuple(events[i].stamp.node, events[i].stamp.hlc, events[i].id), i);
    }
    for (auto at = by_node.begin(); at != by_node.end(); ++at) {
        const auto next = std::next(at);
        if (next != by_node.end() && std::get<0>(next->first) == std::get<0>(at->first)) {
            graph.add(at->second, next->second);
        }
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
        for (const EventId parent : events[i].parents) {
            const auto found = graph.index_of.find(parent);
            if (found == graph.index_of.end()) {
                ++graph.parents_missing[i];
            } else {
                graph.add(found->second, i);
            }
        }
    }
    return graph;
}

bool before_its_cause(const std::vector<TracedEvent>& events, const Graph& graph, std::size_t i) {
    return std::ranges::any_of(events[i].parents, [&](EventId parent) {
        const auto found = graph.index_of.find(parent);
        return found != graph.index_of.end() &&
               events[found->second].stamp.hlc >= events[i].stamp.hlc;
    });
}

}  // namespace

// Kahn's algorithm, with the events that are ready kept in the order of stamps. The event before
// one in the result is concurrent with it unless it is a direct cause: anything between the two on
// a longer chain would have to stand between them in the order.
Result<std::vector<OrderedEvent>> sort_by_causality(const std::vector<TracedEvent>& events) {
    const Graph graph = TRY(graph_of(events));
    std::set<std::tuple<Stamp, EventId, std::size_t>> ready;
    std::vector<std::size_t> waiting_for(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        waiting_for[i] = graph.causes[i].size();
        if (waiting_for[i] == 0) {
            ready.emplace(events[i].stamp, events[i].id, i);
        }
    }
    std::vector<OrderedEvent> ordered;
    while (!ready.empty()) {
        const std::size_t i = std::get<2>(*ready.begin());
        ready.erase(ready.begin());
        const bool concurrent =
            !ordered.empty() &&
            std::ranges::find(graph.causes[i], ordered.back().index) == graph.causes[i].end();
        ordered.push_back(
            {i, concurrent, before_its_cause(events, graph, i), graph.parents_missing[i]});
        for (const std::size_t effect : graph.effects[i]) {
            if (--waiting_for[effect] == 0) {
                ready.emplace(events[effect].stamp, events[effect].id, effect);
            }
        }
    }
    if (ordered.size() < events.size()) {
        return fail(Errc::kInvalid, std::to_string(events.size() - ordered.size()) +
                                        " events cause each other in a circle, or follow from it");
    }
    return ordered;
}

Result<Causality> causality(const std::vector<TracedEvent>& events, EventId a, EventId b) {
    const Graph graph = TRY(graph_of(events));
    const auto first = graph.index_of.find(a);
    const auto second = graph.index_of.find(b);
    if (first == graph.index_of.end() || second == graph.index_of.end() || a == b) {
        return fail(Errc::kNotFound, "two different events of the list are needed");
    }
    if (graph.leads(first->second, second->second)) {
        return Causality::kBefore;
    }
    return graph.leads(second->second, first->second) ? Causality::kAfter : Causality::kConcurrent;
}

}  // namespace distkv::time
