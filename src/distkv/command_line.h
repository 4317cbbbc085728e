// The command line of `distkv`: its verbs, their options, their help, and what is said when one is
// misspelt. Everything else is in the file of the verb.
#pragma once

#include <string>
#include <vector>

#include "distkv/output.h"

namespace distkv::distkv {

// `words` without the name of the program.
Exit run_command_line(std::vector<std::string> words, const Output& output);

}  // namespace distkv::distkv
