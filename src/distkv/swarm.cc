#include "distkv/swarm.h"

#include <algorithm>
#include <fstream>
#include <ostream>
#include <utility>

#include "distkv/arguments.h"
#include "distkv/parallel.h"
#include "distkv/progress.h"
#include "distkv/sim_report.h"
#include "distkv/stopwatch.h"

namespace distkv::distkv {
namespace {

using base::Errc;
using base::fail;
using base::Result;

Result<void> validate(const SwarmOptions& options, const Scenario& scenario) {
    if (options.length < scenario.length_min) {
        return fail(Errc::kInvalid, "--for " + exact_text(options.length) + " is too short for " +
                                        scenario.length_why + "; " +
                                        exact_text(scenario.length_min) +
                                        " or more would be right");
    }
    if (!options.trace.empty() && options.seeds > 1) {
        return fail(Errc::kInvalid,
                    "--trace writes the events of one run; leave --seeds out, and name the seed "
                    "with --seed");
    }
    if (options.seed > UINT64_MAX - (options.seeds - 1)) {
        return fail(Errc::kInvalid,
                    "--seed and --seeds together pass 2^64-1; a smaller --seed "
                    "would be right");
    }
    return {};
}

// A file that is written to the end, or an error that names it.
Result<std::ofstream> open_to_write(const std::string& path) {
    std::ofstream file(path, std::ios::trunc);
    if (!file) {
        return fail(Errc::kInvalid,
                    "cannot write " + path + "; a file in a folder that exists would be right");
    }
    return file;
}

sim::SwarmReport run_seeds(const SwarmOptions& options, const Scenario& scenario,
                           const Output& output, std::ofstream* trace, std::ofstream* hash_list) {
    const Stopwatch watch;
    Progress progress(output, "seeds", options.seeds);
    sim::SwarmReport swarm;
    run_in_parallel({
        .count = static_cast<std::size_t>(options.seeds),
        .jobs = std::min(options.jobs, cores()),
        .run =
            [&](std::size_t index) {
                sim::Trace::Lines lines;
                if (trace != nullptr) {
                    lines = [trace](std::string_view line) { *trace << line << '\n'; };
                }
                return scenario.run(options.seed + index, std::move(lines));
            },
        .take =
            [&](const sim::RunReport& run) {
                swarm.add(run);
                if (hash_list != nullptr) {
                    *hash_list << run.seed << ' ' << sim::hash_text(run.trace_hash) << '\n';
                }
                if (options.json) {
                    output.out << seed_line(run) << '\n' << std::flush;
                }
            },
        .beat = [&](std::size_t finished) { progress.show(finished, watch.elapsed()); },
    });
    return swarm;
}

Result<void> finish(std::ofstream* file, const std::string& path) {
    if (file != nullptr && !file->flush()) {
        return fail(Errc::kInvalid, "could not write all of " + path + "; is the disk full?");
    }
    return {};
}

struct Files {
    std::optional<std::ofstream> trace;
    std::optional<std::ofstream> hash_list;
};

Result<Files> open_files(const SwarmOptions& options) {
    Files files;
    if (!options.trace.empty()) {
        files.trace = TRY(open_to_write(options.trace));
    }
    if (!options.hash_list.empty()) {
        files.hash_list = TRY(open_to_write(options.hash_list));
    }
    return files;
}

template <class T>
T* pointer(std::optional<T>& value) {
    return value ? &*value : nullptr;
}

}  // namespace

Exit run_swarm(const SwarmOptions& options, const Scenario& scenario, const Output& output) {
    if (const Result<void> valid = validate(options, scenario); !valid) {
        return complain(output, Exit::kBadUsage, valid.error().detail);
    }
    Result<Files> files = open_files(options);
    if (!files) {
        return complain(output, Exit::kBadUsage, files.error().detail);
    }
    const Stopwatch watch;
    SwarmSummary summary{
        .options = options,
        .scenario = scenario,
        .swarm =
            run_seeds(options, scenario, output, pointer(files->trace), pointer(files->hash_list)),
    };
    summary.wall = watch.elapsed();
    const Exit verdict =
        options.json ? print_summary_json(summary, output) : print_summary(summary, output);
    for (const Result<void>& written : {finish(pointer(files->trace), options.trace),
                                        finish(pointer(files->hash_list), options.hash_list)}) {
        if (!written) {
            return complain(output, Exit::kRefused, written.error().detail);
        }
    }
    return verdict;
}

}  // namespace distkv::distkv
