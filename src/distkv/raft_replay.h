// `distkv raft replay`: a group of consensus cores does, line by line, what a file says.
#pragma once

#include <string>

#include "distkv/output.h"

namespace distkv::distkv {

struct RaftReplay {
    std::string file;    // "-": the standard input.
    bool trace = false;  // What happened, instead of the state of each core.
};

// Prints as it goes. Exit code 2 at the first line that is wrong.
Exit run_raft_replay(const RaftReplay& options, const Output& output);

}  // namespace distkv::distkv
