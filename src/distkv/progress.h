// A sign of life for whatever takes over two seconds: on a terminal a bar that draws over itself,
// elsewhere a line now and then. Always on the error stream, so that results stay clean.
#pragma once

#include <cstdint>
#include <string>

#include "distkv/output.h"
#include "time/instant.h"

namespace distkv::distkv {

class Progress {
public:
    Progress(const Output& output, std::string what, std::uint64_t total)
        : output_(output), what_(std::move(what)), total_(total) {}
    // Clears the bar.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Often; draws seldom.
    void show(std::uint64_t done, time::Duration elapsed);

private:
    void draw(std::uint64_t done, time::Duration elapsed);

    const Output& output_;
    std::string what_;
    std::uint64_t total_;
    time::Duration next_ = time::Duration(2'000'000'000);
    bool drawn_ = false;
};

}  // namespace distkv::distkv
