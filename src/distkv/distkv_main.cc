#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "distkv/command_line.h"

int main(int argc, char** argv) {
    const bool terminal = ::isatty(STDOUT_FILENO) != 0;
    const distkv::distkv::Output output{.out = std::cout,
                                        .err = std::cerr,
                                        .out_colours = terminal,
                                        .err_terminal = ::isatty(STDERR_FILENO) != 0,
                                        .in = &std::cin};
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return static_cast<int>(distkv::distkv::run_command_line(std::move(words), output));
}
