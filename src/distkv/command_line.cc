#include "distkv/command_line.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>

#include "distkv/arguments.h"
#include "distkv/bench_node.h"
#include "distkv/bench_raft.h"
#include "distkv/budget.h"
#include "distkv/clock.h"
#include "distkv/cone.h"
#include "distkv/help_text.h"
#include "distkv/log_files.h"
#include "distkv/physics.h"
#include "distkv/raft_replay.h"
#include "distkv/sim_demo.h"
#include "distkv/sim_gossip.h"
#include "distkv/sim_raft.h"
#include "distkv/store_files.h"
#include "scenario/gossip_run.h"
#include "scenario/raft_run.h"

namespace distkv::distkv {
namespace {

constexpr std::size_t kWordsMax = 200;
constexpr std::size_t kWordBytesMax = 4096;

// Not more than one complaint about one option: the parser of the value speaks, CLI11 passes it on.
template <class T, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& names, T& into, Parse parse) {
    auto* option =
        app.add_option_function<std::string>(names, [&into, parse](const std::string& text) {
            if (auto value = parse(text)) {
                into = *value;
            }
        });
    option->check([parse](const std::string& text) {
        const auto value = parse(text);
        return value ? std::string() : value.error().detail;
    });
    return option;
}

template <class T>
CLI::Option* add_whole(CLI::App& app, const std::string& names, T& into, WholeRange range) {
    return add_parsed(app, names, into,
                      [range](const std::string& text) { return parse_whole(text, range); })
        ->type_name("N");
}

template <class T>
CLI::Option* add_span(CLI::App& app, const std::string& names, T& into, SpanRange range) {
    return add_parsed(app, names, into,
                      [range](const std::string& text) { return parse_span(text, range); })
        ->type_name("TIME");
}

// `--json=3` is a mistake.
void add_flag(CLI::App& app, const std::string& name, bool& into, const std::string& what) {
    app.add_flag(name, into, what)->disable_flag_override();
}

Exit print_help(const CLI::App& app, const Output& output) {
    output.out << app.help();
    return Exit::kFine;
}

class CommandLine {
public:
    CommandLine() : app_(std::string(help::kProgram), "distkv") {
        app_.footer(std::string(help::kProgramExamples));
        app_.set_version_flag("--version", "distkv " + std::string(help::kVersion),
                              "Print the version");
        add_sim();
        add_physics();
        add_clock();
        add_log();
        add_store();
        add_raft();
        add_bench();
    }

    Exit run(std::vector<std::string> words, const Output& output);
    Exit run_help(const std::vector<std::string>& verbs, const Output& output);

private:
    CLI::App* add_verb(CLI::App& parent, const std::string& name, std::string_view one_line,
                       std::string_view text, std::string_view examples);
    void add_sim();
    void add_swarm(CLI::App& app, SwarmOptions& into);
    void add_sim_gossip(CLI::App& sim);
    void add_sim_raft(CLI::App& sim);
    void add_sim_demo(CLI::App& sim);
    void add_physics();
    void add_physics_budget(CLI::App& physics);
    void add_physics_cone(CLI::App& physics);
    void add_clock();
    void add_log();
    void add_store();
    void add_raft();
    void add_bench();

    Exit dispatch(const Output& output);
    [[nodiscard]] const CLI::App& deepest() const;
    [[nodiscard]] std::string path_of(const CLI::App& app) const;
    [[nodiscard]] std::string in_our_words(const std::string& what) const;
    [[nodiscard]] std::string missing() const;
    [[nodiscard]] std::string unexpected() const;
    [[nodiscard]] std::string unexpected(const CLI::App& app, const std::string& word) const;

    CLI::App app_;
    SimGossip gossip_;
    SimRaft raft_;
    BenchRaft bench_;
    BenchNode bench_node_;
    SimDemo demo_;
    Physics physics_;
    PhysicsBudget budget_;
    PhysicsCone cone_;
    ClockQuestion clock_;
    LogQuestion log_;
    StoreQuestion store_;
    RaftReplay replay_;
    // What to do when this verb is the last one on the line.
    std::map<const CLI::App*, std::function<Exit(const Output&)>> actions_;
};

CLI::App* CommandLine::add_verb(CLI::App& parent, const std::string& name,
                                std::string_view one_line, std::string_view text,
                                std::string_view examples) {
    CLI::App* verb = parent.add_subcommand(name, std::string(one_line));
    verb->footer(std::string(text) + "\n\n" + std::string(examples));
    return verb;
}

void CommandLine::add_sim() {
    CLI::App& sim = *add_verb(app_, "sim", "Run the simulated planet; bare: list its scenarios",
                              help::kSim, help::kSimExamples);
    add_sim_gossip(sim);
    add_sim_raft(sim);
    add_sim_demo(sim);
}

void CommandLine::add_sim_demo(CLI::App& sim) {
    CLI::App& app = *add_verb(sim, "demo", "A short run of gossip, told as it goes", help::kDemo,
                              help::kDemoExamples);
    add_whole(app, "--seed", demo_.seed, {})->description("Another story (default 7)");
    actions_[&app] = [this](const Output& output) { return run_sim_demo(demo_, output); };
}

void CommandLine::add_physics() {
    CLI::App& app = *add_verb(app_, "physics", "What distance costs, and the timeouts it asks for",
                              help::kPhysics, help::kPhysicsExamples);
    app.add_option("places", physics_.places, "Two places or more: names, or lat,lon")
        ->type_name("PLACE");
    add_parsed(app, "--route-factor", physics_.route_factor,
               [](const std::string& text) { return parse_decimal(text, {1, kRouteFactorMax}); })
        ->type_name("X")
        ->description("How much longer cables are than the straight line (default 2.5)");
    app.add_option("--cut", physics_.cuts,
                   "What changes when this link is cut, like "
                   "us-east-eu-west; may be repeated")
        ->type_name("A-B")
        ->allow_extra_args(false);
    add_flag(app, "--json", physics_.json, "One line of JSON");
    actions_[&app] = [this](const Output& output) {
        return physics_.places.empty() ? print_help(app_, output) : run_physics(physics_, output);
    };
    add_physics_budget(app);
    add_physics_cone(app);
}

void CommandLine::add_physics_budget(CLI::App& physics) {
    CLI::App& app = *add_verb(physics, "budget", "Can the timeouts of these services be kept?",
                              help::kBudget, help::kBudgetExamples);
    app.add_option("file", budget_.file, "A tree of services, in TOML")
        ->type_name("FILE")
        ->required();
    add_flag(app, "--json", budget_.json, "One line of JSON");
    actions_[&app] = [this](const Output& output) { return run_budget(budget_, output); };
}

void CommandLine::add_physics_cone(CLI::App& physics) {
    CLI::App& app = *add_verb(physics, "cone", "Can one event have influenced another?",
                              help::kCone, help::kConeExamples);
    app.add_option("a", cone_.a, "An event")->type_name("PLACE@TIME")->required();
    app.add_option("b", cone_.b, "Another")->type_name("PLACE@TIME")->required();
    add_flag(app, "--json", cone_.json, "One line of JSON");
    actions_[&app] = [this](const Output& output) { return run_cone(cone_, output); };
}

void CommandLine::add_clock() {
    CLI::App& app = *add_verb(app_, "clock", "What time it is here, and how surely", help::kClock,
                              help::kClockExamples);
    add_span(app, "--declared", clock_.declared, {time::Duration(1), kClockLimitMax})
        ->description("Your word that the clock is never further off than this");
    add_span(app, "--limit", clock_.limit, {time::Duration(1), kClockLimitMax})
        ->description("The largest uncertainty to accept (default 250ms)");
    add_flag(app, "--json", clock_.json, "One line of JSON");
    actions_[&app] = [this](const Output& output) { return run_clock(clock_, output); };
}

void CommandLine::add_log() {
    CLI::App& log = *add_verb(app_, "log", "Look inside the log of a node that does not run",
                              help::kLog, help::kLogExamples);
    const auto add = [&](const std::string& name, std::string_view one_line,
                         auto run) -> CLI::App& {
        CLI::App& app = *add_verb(log, name, one_line, help::kLog, help::kLogExamples);
        app.add_option("directory", log_.directory, "The data directory of a node")
            ->type_name("DIR")
            ->required();
        add_flag(app, "--json", log_.json, "Lines of JSON");
        actions_[&app] = [this, run](const Output& output) { return run(log_, output); };
        return app;
    };
    add("verify", "Is it whole? If not, what is missing?", run_log_verify);
    add_whole(add("dump", "Every record, in order, without users' data", run_log_dump), "--group",
              log_.group, {})
        ->description("Only the records of this group");
}

void CommandLine::add_store() {
    CLI::App& store = *add_verb(app_, "store", "Look inside the store of a node that does not run",
                                help::kStore, help::kStoreExamples);
    const auto add = [&](const std::string& name, std::string_view one_line, auto run) {
        CLI::App& app = *add_verb(store, name, one_line, help::kStore, help::kStoreExamples);
        app.add_option("directory", store_.directory, "The directory of the store")
            ->type_name("DIR")
            ->required();
        add_flag(app, "--json", store_.json, "One line of JSON");
        actions_[&app] = [this, run](const Output& output) { return run(store_, output); };
    };
    add("verify", "Is every checksum right? If not, which file is damaged?", run_store_verify);
    add("stats", "Files, levels, sizes", run_store_stats);
}

void CommandLine::add_raft() {
    CLI::App& raft = *add_verb(app_, "raft", "Experiments with the consensus of one group",
                               help::kRaft, help::kRaftExamples);
    CLI::App& app = *add_verb(raft, "replay", "A group does, line by line, what a file says",
                              help::kReplay, help::kReplayExamples);
    app.add_option("file", replay_.file, "Lines of the language below; - reads them as you type")
        ->type_name("FILE")
        ->required();
    add_flag(app, "--trace", replay_.trace,
             "What happened (messages, elections, entries) instead of the state of each core");
    actions_[&app] = [this](const Output& output) { return run_raft_replay(replay_, output); };
}

void CommandLine::add_bench() {
    CLI::App& bench = *add_verb(app_, "bench", "Measure this machine with real processes",
                                help::kBench, help::kBenchExamples);
    CLI::App& app = *add_verb(bench, "raft", "Replicated groups: throughput, latency, failover",
                              help::kBenchRaft, help::kBenchRaftExamples);
    actions_[&app] = [this](const Output& output) { return run_bench_raft(bench_, output); };
    add_whole(app, "--nodes", bench_.nodes, {1, kBenchNodesMax})
        ->description("Processes, each with a replica of every group (default 3)");
    add_whole(app, "--groups", bench_.groups, {1, kBenchGroupsMax})
        ->description("Groups (default 1)");
    add_whole(app, "--clients", bench_.clients, {1, kBenchClientsMax})
        ->description(
            "Clients, each with one entry under way, spread over the groups (default "
            "256)");
    add_whole(app, "--size", bench_.size, {1, kBenchSizeMax})
        ->description("Bytes of an entry (default 1024)");
    add_span(app, "--for", bench_.length, {std::chrono::seconds(1), std::chrono::hours(1)})
        ->description("How long to measure (default 10s)");
    add_flag(app, "--idle", bench_.idle,
             "No clients: what groups cost that sleep, and how fast they wake");
    add_whole(app, "--kills", bench_.kills, {1, kBenchKillsMax})
        ->description("Kill the leader so often, and say how long until a new one commits");
    app.add_option("--data", bench_.data,
                   "An empty directory for logs and states (default: a new one here, removed in "
                   "the end)")
        ->type_name("DIR");
    add_flag(app, "--json", bench_.json, "One line of JSON");

    // What the processes are started as.
    CLI::App& node = *bench.add_subcommand("raft-node", "One node of bench raft")->group("");
    actions_[&node] = [this](const Output& output) { return run_bench_node(bench_node_, output); };
    node.add_option("--node", bench_node_.node)->required()->check(CLI::Range(1, 9));
    node.add_option("--ports", bench_node_.ports)->required()->delimiter(',');
    node.add_option("--groups", bench_node_.groups);
    node.add_option("--clients", bench_node_.clients);
    node.add_option("--size", bench_node_.size);
    node.add_option("--poll-ms", bench_node_.poll_ms);
    node.add_option("--data", bench_node_.data)->required();
}

void CommandLine::add_swarm(CLI::App& app, SwarmOptions& into) {
    add_whole(app, "--seed", into.seed, {})
        ->description("The first seed (default 1); everything follows from it");
    add_whole(app, "--seeds", into.seeds, {1, kSeedsMax})
        ->description("How many seeds, one after the other (default 1)");
    add_span(app, "--for", into.length, {kSimulatedMin, kSimulatedMax})
        ->description("Simulated time of each run, like 60s, 10m, 1h30m (default 60s)");
    add_whole(app, "--jobs", into.jobs, {1, kJobsMax})
        ->description("Seeds run at a time (default 2, at most one a core); changes no result");
    add_flag(app, "--calm", into.calm, "No faults at all");
    add_flag(app, "--strict", into.strict,
             "Exit code 1 also when a kind of fault never fired, or when under half of the "
             "operations had a definite outcome");
    add_flag(app, "--json", into.json, "A line of JSON for each seed, and one for all at the end");
    app.add_option("--hash-list", into.hash_list, "Write `seed hash` for each seed to a file")
        ->type_name("FILE");
}

void CommandLine::add_sim_gossip(CLI::App& sim) {
    CLI::App& app = *add_verb(sim, "gossip", "Nodes keep time by talking, under faults",
                              help::kGossip, help::kGossipExamples);
    actions_[&app] = [this](const Output& output) { return run_sim_gossip(gossip_, output); };
    add_whole(app, "--nodes", gossip_.nodes, {2, scenario::kGossipNodesMax})
        ->description("How many nodes, 2 to 100 (default 12, one in each city)");
    add_swarm(app, gossip_);
    add_whole(app, "--reactors", gossip_.reactors, {1, kSimReactorsMax})
        ->description("Reactors of each node (default: drawn from the seed)");
    app.add_option("--trace", gossip_.trace, "Write every event of the run to a file (one seed)")
        ->type_name("FILE");
}

void CommandLine::add_sim_raft(CLI::App& sim) {
    CLI::App& app = *add_verb(sim, "raft", "Replicated groups agree, under faults", help::kRaftSim,
                              help::kRaftSimExamples);
    actions_[&app] = [this](const Output& output) { return run_sim_raft(raft_, output); };
    add_whole(app, "--voters", raft_.voters, {1, scenario::kVotersMax})
        ->description("Voters of each group at the beginning, 1 to 9 (default 3)");
    add_swarm(app, raft_);
    add_flag(app, "--members-stay", raft_.members_stay,
             "Nobody joins or leaves, but for those whose disks are lost");
    app.add_option("--trace", raft_.trace,
                   "Write every message and every change of a replica's state to a file, a JSON "
                   "object a line (one seed)")
        ->type_name("FILE");
}

const CLI::App& CommandLine::deepest() const {
    const CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) {
        app = app->get_subcommands().back();
    }
    return *app;
}

std::string CommandLine::path_of(const CLI::App& app) const {
    return &app == &app_ ? "distkv" : path_of(*app.get_parent()) + " " + app.get_name();
}

// What is said about the first word that nobody expected.
std::string CommandLine::unexpected() const {
    const std::vector<std::string> extras = app_.remaining(true);
    return unexpected(deepest(), extras.empty() ? "" : extras.front());
}

std::string CommandLine::unexpected(const CLI::App& app, const std::string& word) const {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> candidates;
    const bool option = name.starts_with("-");
    if (option) {
        for (const CLI::Option* known : app.get_options()) {
            candidates.push_back(known->get_name());
        }
    } else {
        for (const CLI::App* verb : app.get_subcommands({})) {
            candidates.push_back(verb->get_name());
        }
    }
    const std::string kind = option               ? " has no option "
                             : candidates.empty() ? " takes no "
                                                  : " has no verb ";
    const std::string near = suggestion(name, candidates);
    return path_of(app) + kind + in_quotes(word) + "; " +
           (near.empty() ? path_of(app) + " --help lists what there is" : near);
}

// Our own checks say what would be right; the parser's do not.
std::string CommandLine::in_our_words(const std::string& what) const {
    if (what.find(';') != std::string::npos) {
        return what;
    }
    const std::string option = what.substr(0, what.find(": "));
    std::string said = what;
    if (const std::size_t at = what.find(" was given a disallowed flag override");
        at < what.size()) {
        said = "--" + what.substr(0, at) + " takes no value";
    } else if (what.find(": At Most 1 required") < what.size()) {
        return option + " stands there more than once; once would be right";
    } else if (what.ends_with(" missing")) {
        said = option + " needs a value";
    }
    return said + "; " + path_of(deepest()) + " --help shows what would be right";
}

// What the verb cannot do without, all of it.
std::string CommandLine::missing() const {
    std::string needs;
    for (const CLI::Option* option : deepest().get_options()) {
        if (option->get_required()) {
            needs += (needs.empty() ? " needs " : " and ") + option->get_type_name();
        }
    }
    return path_of(deepest()) + needs + "; " + path_of(deepest()) +
           " --help shows what would be right";
}

Exit CommandLine::run_help(const std::vector<std::string>& verbs, const Output& output) {
    const CLI::App* app = &app_;
    for (const std::string& verb : verbs) {
        const auto named = app->get_subcommands(
            [&verb](const CLI::App* each) { return each->get_name() == verb; });
        if (named.empty()) {
            return complain(output, Exit::kBadUsage, unexpected(*app, verb));
        }
        app = named.front();
    }
    std::vector<std::string> words = verbs;
    words.emplace_back("--help");
    return run(std::move(words), output);
}

Exit CommandLine::run(std::vector<std::string> words, const Output& output) {
    // The parser takes the last word first.
    std::ranges::reverse(words);
    try {
        app_.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
        output.out << app_.help();
        return Exit::kFine;
    } catch (const CLI::CallForVersion& version) {
        output.out << version.what() << '\n';
        return Exit::kFine;
    } catch (const CLI::ExtrasError&) {
        return complain(output, Exit::kBadUsage, unexpected());
    } catch (const CLI::RequiredError&) {
        return complain(output, Exit::kBadUsage, missing());
    } catch (const CLI::Error& error) {
        return complain(output, Exit::kBadUsage, in_our_words(error.what()));
    }
    return dispatch(output);
}

Exit CommandLine::dispatch(const Output& output) {
    const CLI::App& verb = deepest();
    const auto action = actions_.find(&verb);
    // A verb that only has verbs, or none: what there is.
    return action == actions_.end() ? print_help(app_, output) : action->second(output);
}

// Whoever reads a half-written answer must not be told that all is well.
Exit written(Exit verdict, const Output& output) {
    if (output.out.flush()) {
        return verdict;
    }
    return complain(output, verdict == Exit::kFine ? Exit::kRefused : verdict,
                    "could not write all of the answer; is the disk full?");
}

}  // namespace

Exit run_command_line(std::vector<std::string> words, const Output& output) {
    const bool too_long =
        words.size() > kWordsMax || std::ranges::any_of(words, [](const std::string& word) {
            return word.size() > kWordBytesMax;
        });
    if (too_long) {
        return complain(
            output, Exit::kBadUsage,
            "the command line is too long; up to 200 words of 4096 bytes would be right");
    }
    if (!words.empty() && words.front() == "help") {
        words.erase(words.begin());
        return written(CommandLine().run_help(words, output), output);
    }
    return written(CommandLine().run(std::move(words), output), output);
}

}  // namespace distkv::distkv
