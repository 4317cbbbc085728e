#include "distkv/budget_file.h"

#include <array>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <vector>

#include <toml++/toml.h>

#include "distkv/arguments.h"
#include "time/geography.h"

namespace distkv::distkv {
namespace {

using base::Errc;
using base::fail;
using base::Result;
using namespace std::chrono_literals;

constexpr std::size_t kServicesMax = 10'000;
constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kNameBytesMax = 64;
constexpr SpanRange kProcessing{0s, 24h};
constexpr SpanRange kTimeout{1ns, 24h};

struct Node {
    time::Service service;
    std::vector<std::string> calls;
};
using Nodes = std::map<std::string, Node, std::less<>>;

// Refuses names that would silently be ignored.
Result<void> check_keys(const toml::table& table, std::span<const std::string> known,
                        const std::string& where) {
    for (const auto& [key, value] : table) {
        const std::string_view name = key.str();
        if (std::ranges::find(known, name) == known.end()) {
            std::string list;
            for (const std::string& each : known) {
                list += (list.empty() ? "" : ", ") + each;
            }
            const std::string near = suggestion(name, known);
            return fail(Errc::kInvalid, where + "nothing is called " + in_quotes(name) + "; " +
                                            (near.empty() ? list + " would be right" : near));
        }
    }
    return {};
}

// The value under a name: `out` stays as it is when there is none.
template <class Stored, class T>
Result<void> take(const toml::table& table, std::string_view name, const std::string& where,
                  std::string_view like, T& out) {
    const toml::node* node = table.get(name);
    if (node == nullptr) {
        return {};
    }
    const auto value = node->value<Stored>();
    if (!value || (std::is_same_v<Stored, std::string> && !node->is_string())) {
        return fail(Errc::kInvalid, where + std::string(name) + " has a value of the wrong kind; " +
                                        std::string(like) + " would be right");
    }
    out = *value;
    return {};
}

Result<void> take_span(const toml::table& table, std::string_view name, const std::string& where,
                       SpanRange range, std::optional<time::Duration>& out) {
    std::optional<std::string> text;
    TRY(take<std::string>(table, name, where, R"("250ms")", text));
    if (text) {
        const auto span = parse_span(*text, range);
        if (!span) {
            return fail(Errc::kInvalid, where + std::string(name) + ": " + span.error().detail);
        }
        out = *span;
    }
    return {};
}

Result<time::Coordinates> place_of(const std::string& text, const std::string& where) {
    const auto place = time::locate(text);
    if (!place) {
        return fail(Errc::kInvalid, where + place.error().detail);
    }
    return *place;
}

Result<std::vector<std::string>> take_calls(const toml::table& table, const std::string& where) {
    std::vector<std::string> calls;
    const toml::node* node = table.get("calls");
    if (node == nullptr) {
        return calls;
    }
    const toml::array* array = node->as_array();
    const auto wrong = [&] {
        return fail(Errc::kInvalid, where + R"(calls is no list of services; ["orders", "users"])" +
                                        " would be right");
    };
    if (array == nullptr) {
        return wrong();
    }
    for (const toml::node& item : *array) {
        if (!item.is_string()) {
            return wrong();
        }
        calls.push_back(*item.value<std::string>());
    }
    return calls;
}

Result<Node> read_service(const std::string& name, const toml::node& value) {
    const std::string where = "service " + in_quotes(name) + ": ";
    const toml::table* table = value.as_table();
    if (table == nullptr || name.empty() || name.size() > kNameBytesMax) {
        return fail(Errc::kInvalid, where +
                                        "is not a table with a name of 1 to 64 bytes; "
                                        "[services.web] would be right");
    }
    const std::array<std::string, 5> known{"region", "processing", "timeout", "parallel", "calls"};
    TRY(check_keys(*table, known, where));
    Node node;
    node.service.name = name;
    std::optional<std::string> region;
    std::optional<time::Duration> processing;
    TRY(take<std::string>(*table, "region", where, R"("us-east" or "50.11,8.68")", region));
    TRY(take_span(*table, "processing", where, kProcessing, processing));
    TRY(take_span(*table, "timeout", where, kTimeout, node.service.timeout));
    TRY(take<bool>(*table, "parallel", where, "true or false", node.service.parallel));
    if (!region) {
        return fail(Errc::kInvalid, where + R"(has no region; region = "us-east" would be right)");
    }
    node.service.region = *region;
    node.service.at = TRY(place_of(*region, where));
    node.service.processing = processing.value_or(0s);
    node.calls = TRY(take_calls(*table, where));
    return node;
}

Result<time::ServiceTreeOptions> read_options(const toml::table& file) {
    const std::array<std::string, 5> known{"patience", "safety", "child_percent_max", "client",
                                           "services"};
    TRY(check_keys(file, known, ""));
    time::ServiceTreeOptions options;
    std::optional<time::Duration> patience;
    std::optional<std::string> client;
    TRY(take_span(file, "patience", "", kTimeout, patience));
    TRY(take<double>(file, "safety", "", "2.0", options.safety));
    TRY(take<std::int64_t>(file, "child_percent_max", "", "95", options.child_percent_max));
    TRY(take<std::string>(file, "client", "", R"("us-east")", client));
    options.patience = patience.value_or(options.patience);
    if (client) {
        options.client = TRY(place_of(*client, "client: "));
    }
    return options;
}

Result<Nodes> read_services(const toml::table& file) {
    const toml::table* services = file["services"].as_table();
    if (services == nullptr || services->empty() || services->size() > kServicesMax) {
        return fail(Errc::kInvalid,
                    "has no table of 1 to 10000 services; [services.web] would be right");
    }
    Nodes nodes;
    for (const auto& [key, value] : *services) {
        const std::string name(key.str());
        nodes.emplace(name, TRY(read_service(name, value)));
    }
    return nodes;
}

// Nobody calls the root, and everybody else is called once: then it is a tree.
Result<std::string> find_root(const Nodes& nodes) {
    std::set<std::string, std::less<>> called;
    for (const auto& [name, node] : nodes) {
        for (const std::string& callee : node.calls) {
            if (!nodes.contains(callee)) {
                return fail(Errc::kInvalid, "service " + in_quotes(name) + " calls " +
                                                in_quotes(callee) +
                                                ", which is not in the file; the name of a "
                                                "[services.NAME] would be right");
            }
            if (!called.insert(callee).second) {
                return fail(Errc::kInvalid, "service " + in_quotes(callee) +
                                                " is called from two places; in a tree each is "
                                                "called once: give the second a name of its own");
            }
        }
    }
    std::string root;
    for (const auto& [name, node] : nodes) {
        if (called.contains(name)) {
            continue;
        }
        if (!root.empty()) {
            return fail(Errc::kInvalid, "nobody calls " + in_quotes(root) + " nor " +
                                            in_quotes(name) +
                                            "; one service that starts everything would be right");
        }
        root = name;
    }
    if (root.empty()) {
        return fail(Errc::kInvalid,
                    "the services call each other in a circle; one that nobody "
                    "calls would be right");
    }
    return root;
}

Result<time::Service> grow(Nodes& nodes, const std::string& name, std::size_t depth) {
    if (depth > kDepthMax) {
        return fail(Errc::kInvalid, "service " + in_quotes(name) +
                                        " is called deeper than 64; fewer calls in a row would "
                                        "be right");
    }
    auto node = nodes.extract(name);
    time::Service service = std::move(node.mapped().service);
    for (const std::string& callee : node.mapped().calls) {
        service.children.push_back(TRY(grow(nodes, callee, depth + 1)));
    }
    return service;
}

Result<BudgetFile> read(const toml::table& file) {
    BudgetFile budget{{}, TRY(read_options(file))};
    Nodes nodes = TRY(read_services(file));
    budget.root = TRY(grow(nodes, TRY(find_root(nodes)), 0));
    if (!nodes.empty()) {
        return fail(Errc::kInvalid, "service " + in_quotes(nodes.begin()->first) +
                                        " and others call each other in a circle; a tree would "
                                        "be right");
    }
    return budget;
}

}  // namespace

Result<BudgetFile> parse_budget(std::string_view toml_text, const std::string& name) {
    try {
        const toml::table file = toml::parse(toml_text);
        Result<BudgetFile> budget = read(file);
        if (!budget) {
            return fail(Errc::kInvalid, name + ": " + budget.error().detail);
        }
        return budget;
    } catch (const toml::parse_error& error) {
        return fail(Errc::kInvalid, name + ":" + std::to_string(error.source().begin.line) + ": " +
                                        std::string(error.description()) +
                                        "; distkv physics budget --help shows the format");
    }
}

}  // namespace distkv::distkv
