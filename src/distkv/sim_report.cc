#include "distkv/sim_report.h"

#include <algorithm>
#include <ostream>

#include "distkv/arguments.h"
#include "distkv/json.h"
#include "distkv/number_text.h"
#include "distkv/table.h"
#include "sim/trace.h"
#include "time/duration_text.h"

namespace distkv::distkv {
namespace {

// Of one seed, in the table for people; the first says the most.
constexpr std::size_t kViolationsShown = 10;

// Of the names in front of figures.
constexpr std::size_t kFigureWidth = 20;

double seconds(time::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

double per_second(double amount, time::Duration wall) {
    return amount / std::max(seconds(wall), 1e-6);
}

double seeds_per_hour(const SwarmSummary& summary) {
    return 3600 * per_second(static_cast<double>(summary.swarm.seeds().size()), summary.wall);
}

// The hash of the run, or of the list of all.
std::uint64_t hash_of(const SwarmSummary& summary) {
    const auto& seeds = summary.swarm.seeds();
    return seeds.size() == 1 ? seeds[0].trace_hash : summary.swarm.hash();
}

std::vector<sim::Fault> faults_missing(const SwarmSummary& summary) {
    std::vector<sim::Fault> missing = summary.swarm.faults_never_fired();
    std::erase_if(missing, [&](sim::Fault fault) {
        return std::ranges::find(summary.scenario.never, fault) != summary.scenario.never.end();
    });
    return missing;
}

void print_faults(const SwarmSummary& summary, const Output& output) {
    Table table({{"fault"}, {"fired", Align::kRight}, {"what happened"}});
    for (std::size_t i = 0; i < sim::kFaultCount; ++i) {
        const std::uint64_t count = summary.swarm.faults()[i];
        table.row({std::string(sim::kFaultLabels[i]),
                   {grouped(count), count == 0 ? Tone::kFaint : Tone::kPlain},
                   std::string(sim::kFaultMeanings[i])});
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

void print_marks(const SwarmSummary& summary, const Output& output) {
    Table table({{"rare path"}, {"hits", Align::kRight}, {"what it is"}});
    for (std::size_t i = 0; i < world::kMarkCount; ++i) {
        const std::uint64_t count = summary.swarm.marks()[i];
        const auto& areas = summary.scenario.areas;
        if (std::ranges::find(areas, world::kMarkAreas[i]) == areas.end()) {
            continue;
        }
        table.row({std::string(world::kMarkNames[i].substr(1)),
                   {count == 0 ? "never" : grouped(count), count == 0 ? Tone::kWarn : Tone::kPlain},
                   std::string(world::kMarkMeanings[i])});
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

void print_figures(const SwarmSummary& summary, const Output& output) {
    const sim::SwarmReport& swarm = summary.swarm;
    const auto line = [&](const char* name, const std::string& text) {
        output.out << painted(name, Tone::kBold, output.out_colours) << text << '\n';
    };
    const sim::Operations& operations = swarm.operations();
    line("operations          ", grouped(operations.definite) + " definite, " +
                                     grouped(operations.unknown) + " with unknown outcome");
    for (const auto& [name, count] : swarm.figures()) {
        line((name + std::string(kFigureWidth - std::min(name.size(), kFigureWidth - 1), ' '))
                 .c_str(),
             grouped(count));
    }
    line("events              ", grouped(swarm.events()) + ", " +
                                     grouped(static_cast<std::uint64_t>(per_second(
                                         static_cast<double>(swarm.events()), summary.wall))) +
                                     " a second");
    line("time                ",
         time::to_text(swarm.simulated()) + " simulated in " + short_text(summary.wall));
    line("seeds per hour      ", grouped(static_cast<std::uint64_t>(seeds_per_hour(summary))));
    line(swarm.seeds().size() == 1 ? "trace hash          " : "hash of all         ",
         sim::hash_text(hash_of(summary)));
}

void print_violations(const SwarmSummary& summary, const Output& output) {
    for (const sim::SwarmReport::Seed& seed : summary.swarm.seeds()) {
        if (seed.violations.empty()) {
            continue;
        }
        output.out << '\n'
                   << painted("seed " + std::to_string(seed.seed), Tone::kBad, output.out_colours)
                   << ", " << counted(seed.violations.size(), "violation") << ":\n";
        for (std::size_t i = 0; i < std::min(seed.violations.size(), kViolationsShown); ++i) {
            output.out << "  " << printable(seed.violations[i]) << '\n';
        }
        if (seed.violations.size() > kViolationsShown) {
            output.out << "  and " << seed.violations.size() - kViolationsShown << " more\n";
        }
        output.out << "  again: " << replay_command(summary.options, summary.scenario, seed.seed)
                   << '\n';
    }
}

Exit verdict(const SwarmSummary& summary) {
    return summary.swarm.violations() > 0 ||
                   (summary.options.strict && !shortcomings(summary).empty())
               ? Exit::kRefused
               : Exit::kFine;
}

template <class Count, std::size_t Size>
Json::Object counts_object(const Count& counts, const std::string_view (&names)[Size]) {
    Json::Object object;
    for (std::size_t i = 0; i < Size; ++i) {
        object.emplace_back(std::string(names[i]), counts[i]);
    }
    return object;
}

Json::Object figures_object(const sim::SwarmReport& swarm) {
    Json::Object object;
    for (const auto& [name, count] : swarm.figures()) {
        object.emplace_back(name, count);
    }
    return object;
}

Json::Array never_fired(const SwarmSummary& summary) {
    Json::Array names;
    for (const sim::Fault fault : faults_missing(summary)) {
        names.emplace_back(sim::kFaultLabels[static_cast<std::size_t>(fault)]);
    }
    return names;
}

Json::Array never_hit(const SwarmSummary& summary) {
    Json::Array names;
    for (const world::Mark mark : summary.swarm.marks_never_hit(summary.scenario.areas)) {
        names.emplace_back(world::kMarkNames[static_cast<std::size_t>(mark)]);
    }
    return names;
}

Json::Array texts(const std::vector<std::string>& lines) {
    return {lines.begin(), lines.end()};
}

}  // namespace

std::string seed_line(const sim::RunReport& run) {
    return Json(Json::Object{{"seed", run.seed},
                             {"trace_hash", sim::hash_text(run.trace_hash)},
                             {"events", run.events},
                             {"violations", texts(run.violations)}})
        .line();
}

std::string replay_command(const SwarmOptions& options, const Scenario& scenario,
                           std::uint64_t seed) {
    return "distkv sim " + scenario.name + " " + scenario.options + " --seed " +
           std::to_string(seed) + " --for " + exact_text(options.length) +
           (options.calm ? " --calm" : "");
}

std::vector<std::string> shortcomings(const SwarmSummary& summary) {
    std::vector<std::string> list;
    if (!summary.options.calm) {
        for (const sim::Fault fault : faults_missing(summary)) {
            const auto index = static_cast<std::size_t>(fault);
            list.push_back("the fault " + std::string(sim::kFaultLabels[index]) +
                           " never fired; more seeds, or longer ones, would show it");
        }
    }
    if (!summary.swarm.enough_definite()) {
        list.push_back(
            "only " + grouped(summary.swarm.operations().definite) + " of " +
            grouped(summary.swarm.operations().definite + summary.swarm.operations().unknown) +
            " operations had a definite outcome; at least half should");
    }
    return list;
}

Exit print_summary(const SwarmSummary& summary, const Output& output) {
    const SwarmOptions& options = summary.options;
    output.out << painted(summary.scenario.name, Tone::kBold, output.out_colours) << ": "
               << summary.scenario.size << ", "
               << (options.seeds == 1
                       ? "seed " + std::to_string(options.seed)
                       : counted(options.seeds, "seed") + " from " + std::to_string(options.seed))
               << ", " << exact_text(options.length) << " each"
               << (options.calm ? ", calm weather" : "") << "\n\n";
    if (!options.calm) {
        print_faults(summary, output);
    }
    print_marks(summary, output);
    print_figures(summary, output);
    print_violations(summary, output);
    for (const std::string& shortcoming : shortcomings(summary)) {
        if (options.strict) {
            output.out << painted("not shown: ", Tone::kBad, output.out_colours) << shortcoming
                       << '\n';
        }
    }
    const std::uint64_t violations = summary.swarm.violations();
    const Exit code = verdict(summary);
    output.out << '\n'
               << painted("verdict             ", Tone::kBold, output.out_colours)
               << painted(violations > 0        ? counted(violations, "violation")
                          : code == Exit::kFine ? "no violation"
                                                : "no violation, but too little was shown",
                          code == Exit::kFine ? Tone::kGood : Tone::kBad, output.out_colours)
               << std::endl;
    return code;
}

Exit print_summary_json(const SwarmSummary& summary, const Output& output) {
    const sim::SwarmReport& swarm = summary.swarm;
    Json::Object last{
        {"trace_hash", sim::hash_text(hash_of(summary))},
        {"violations", swarm.violations()},
        {"events", swarm.events()},
        {"seconds", seconds(summary.wall)},
        {"seeds", static_cast<std::uint64_t>(swarm.seeds().size())},
        {"simulated_seconds", seconds(swarm.simulated())},
        {"events_per_second", per_second(static_cast<double>(swarm.events()), summary.wall)},
        {"seeds_per_hour", seeds_per_hour(summary)},
        {"operations", Json::Object{{"definite", swarm.operations().definite},
                                    {"unknown", swarm.operations().unknown}}},
        {"figures", figures_object(swarm)},
        {"faults", counts_object(swarm.faults(), sim::kFaultLabels)},
        {"marks", counts_object(swarm.marks(), world::kMarkNames)},
        {"never_fired", never_fired(summary)},
        {"never_hit", never_hit(summary)},
        {"shortcomings", texts(shortcomings(summary))},
    };
    Json::Array replay;
    for (const sim::SwarmReport::Seed& seed : swarm.seeds()) {
        if (!seed.violations.empty()) {
            replay.emplace_back(replay_command(summary.options, summary.scenario, seed.seed));
        }
    }
    last.emplace_back("replay", std::move(replay));
    output.out << Json(std::move(last)).line() << std::endl;
    // For who reads the log of a run that failed.
    for (const std::string& shortcoming : shortcomings(summary)) {
        if (summary.options.strict) {
            output.err << "distkv: " << shortcoming << '\n';
        }
    }
    return verdict(summary);
}

}  // namespace distkv::distkv
