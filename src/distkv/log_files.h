// `distkv log verify` and `distkv log dump`: a look inside the shared log of a node that does not
// run. Nothing is changed, and a damaged directory is described, not tripped over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "distkv/output.h"

namespace distkv::distkv {

struct LogQuestion {
    std::string directory;               // A node's data directory, or the log's own.
    std::optional<std::uint64_t> group;  // Of dump: only this one.
    bool json = false;
};

// Exit code 1 when the log is damaged, 2 when there is no log.
Exit run_log_verify(const LogQuestion& question, const Output& output);
Exit run_log_dump(const LogQuestion& question, const Output& output);

}  // namespace distkv::distkv
