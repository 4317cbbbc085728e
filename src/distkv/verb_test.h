// Runs a command line as a shell would, and holds what it wrote and returned.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "distkv/command_line.h"

namespace distkv::distkv {

struct Ran {
    Exit code;
    std::string out;
    std::string err;

    // Without its newline.
    [[nodiscard]] std::string last_line() const {
        const std::string body = out.empty() ? out : out.substr(0, out.size() - 1);
        return body.substr(body.rfind('\n') + 1);
    }
};

inline Ran run_words(std::vector<std::string> words) {
    std::ostringstream out;
    std::ostringstream err;
    const Exit code = run_command_line(std::move(words), {.out = out, .err = err});
    return {code, out.str(), err.str()};
}

// Words are parted by blanks.
inline Ran run_line(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) {
        words.push_back(word);
    }
    return run_words(std::move(words));
}

}  // namespace distkv::distkv
