// Many independent runs on a few threads, their reports taken in order. The one place in the
// program with threads of its own: a run shares nothing with another, so the result cannot depend
// on how many there are at a time.
#pragma once

#include <cstddef>
#include <functional>

#include "sim/report.h"

namespace distkv::distkv {

struct ParallelRuns {
    std::size_t count = 1;
    std::size_t jobs = 1;
    std::function<sim::RunReport(std::size_t index)> run;  // On any thread.
    // These on the caller's: reports in the order of their index, and a beat now and then.
    std::function<void(const sim::RunReport& report)> take;
    std::function<void(std::size_t finished)> beat;
};

void run_in_parallel(const ParallelRuns& runs);

std::size_t cores();

}  // namespace distkv::distkv
