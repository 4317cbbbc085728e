#include "raft_lab/script.h"

namespace distkv::raft_lab {

base::Result<bool> Script::take(std::string_view line) {
    ++line_;
    base::Result<void> done;
    if (line_ > kLinesMax) {
        done = wrong("the file is too long", "up to " + std::to_string(kLinesMax) + " lines");
    } else {
        done = lab_.run(line);
    }
    if (!done) {
        return base::fail(base::Errc::kInvalid,
                          "line " + std::to_string(line_) + ": " + done.error().detail);
    }
    return !Lab::says_nothing(line);
}

}  // namespace distkv::raft_lab
