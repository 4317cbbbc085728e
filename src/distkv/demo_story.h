// Watches a simulated planet from outside and tells in a line each time something befell a city.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "distkv/output.h"
#include "sim/planet.h"

namespace distkv::distkv {

class DemoStory {
public:
    DemoStory(sim::Planet& planet, const Output& output);

    // After every event; speaks only when something is different.
    void look();

private:
    struct Seen {
        bool up = false;
        bool paused = false;
        bool frozen = false;
        std::uint64_t starts = 0;
        time::Duration error{};
    };
    [[nodiscard]] Seen see(const sim::Node& node) const;
    void tell(const sim::Node& node, const std::string& what, Tone tone);
    void compare(const sim::Node& node, const Seen& before, const Seen& now);

    sim::Planet& planet_;
    const Output& output_;
    std::vector<Seen> seen_;
    std::size_t lines_ = 0;
    bool healed_ = false;
};

}  // namespace distkv::distkv
