// `./dev bench raft`: the figures of `distkv bench raft`, one after the other. Exit code 1 when one
// misses what it should be (docs/raft-bench.md).
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "distkv/command_line.h"

int main(int argc, char** argv) {
    using Words = std::vector<std::string>;
    const distkv::distkv::Output output{.out = std::cout,
                                        .err = std::cerr,
                                        .out_colours = ::isatty(STDOUT_FILENO) != 0,
                                        .err_terminal = ::isatty(STDERR_FILENO) != 0,
                                        .in = &std::cin};
    const Words words(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (!words.empty() && words[0] == "bench") {  // One of the nodes that it starts.
        return static_cast<int>(distkv::distkv::run_command_line(words, output));
    }
    int worst = 0;
    for (const Words& asked : {Words{}, Words{"--groups", "64"},
                               Words{"--groups", "1000", "--idle"}, Words{"--kills", "50"}}) {
        Words line{"bench", "raft"};
        line.insert(line.end(), asked.begin(), asked.end());
        line.insert(line.end(), words.begin(), words.end());
        worst = std::max(worst, static_cast<int>(distkv::distkv::run_command_line(line, output)));
        std::cout << '\n';
    }
    return worst;
}
