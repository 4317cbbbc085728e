#include "distkv/raft_replay.h"

#include <istream>
#include <ostream>
#include <sstream>

#include "base/limits.h"
#include "distkv/read_file.h"
#include "raft_lab/script.h"

namespace distkv::distkv {
namespace {

using base::Result;

// The next line without its end. Not more of it than shows that it is too long, so that a stream
// without ends fills no memory.
bool next_line(std::istream& in, std::string& line) {
    line.clear();
    char c = 0;
    while (in.get(c) && c != '\n') {
        line += c;
        if (line.size() > raft_lab::kLineBytesMax) {
            break;
        }
    }
    return in || !line.empty();
}

Result<void> replay(std::istream& in, const RaftReplay& options, const Output& output) {
    raft_lab::Script script;
    std::string line;
    while (next_line(in, line)) {
        const bool acted = TRY(script.take(line));
        const std::vector<std::string> happened = script.lab().take_trace();
        if (!acted) {
            continue;
        }
        if (options.trace) {
            output.out << "> " << line << '\n';
        }
        for (const std::string& each : options.trace ? happened : script.lab().describe()) {
            output.out << each << '\n';
        }
        // Whoever types the lines wants to see the answers.
        output.out << std::flush;
    }
    return {};
}

Result<void> replay(const RaftReplay& options, const Output& output) {
    if (options.file != "-") {
        std::istringstream in(TRY(read_config_file(options.file)));
        return replay(in, options, output);
    }
    std::istringstream nothing;
    return replay(output.in != nullptr ? *output.in : nothing, options, output);
}

}  // namespace

Exit run_raft_replay(const RaftReplay& options, const Output& output) {
    if (const Result<void> done = replay(options, output); !done) {
        output.out << std::flush;
        return complain(output, Exit::kBadUsage, done.error().detail);
    }
    return Exit::kFine;
}

}  // namespace distkv::distkv
