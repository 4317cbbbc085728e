// A file of lines for the lab: one at a time, with their numbers and their limits.
#pragma once

#include <cstdint>
#include <string_view>

#include "raft_lab/lab.h"

namespace distkv::raft_lab {

inline constexpr std::size_t kLinesMax = 5000;

class Script {
public:
    // Whether the line did something; blanks and comments do nothing. The error names the line.
    base::Result<bool> take(std::string_view line);

    [[nodiscard]] Lab& lab() { return lab_; }

private:
    Lab lab_;
    std::size_t line_ = 0;
};

}  // namespace distkv::raft_lab
