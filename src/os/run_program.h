// Runs another program and returns what it wrote to its standard output.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "time/instant.h"

namespace distkv::os {

struct Program {
    std::vector<std::string> words;  // The program, looked up on the path, and its arguments.
    time::Duration limit;            // Then it is killed.
    std::size_t output_bytes_max;    // The rest is dropped.
};

// Blocks until the program has ended. kNotFound when there is no such program or it failed, with
// the beginning of its output; kRetry when it was killed at the limit.
base::Result<std::string> run_program(const Program& program);

}  // namespace distkv::os
