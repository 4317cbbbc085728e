// What this machine shows: the sources that bound the error of its clock, and then the clock.
#include "distkv/clock.h"
#include "os/clock_sources.h"
#include "os/node.h"
#include "world/world.h"

namespace distkv::distkv {

Exit run_clock(const ClockQuestion& question, const Output& output) {
    // The sources first: asking chrony takes a moment, and the clock goes on.
    ClockSight sight{os::read_clock_sources({}), {}, {}};
    auto node = os::Node::make({.node = {1}});
    if (!node) {
        return complain(output, Exit::kRefused, node.error().detail);
    }
    (*node)->start([&sight](world::World& world) -> world::Task<void> {
        sight.mono = world.mono_now();
        sight.wall = world.wall_now();
        co_return;
    });
    (*node)->join();
    return show_clock(question, sight, output);
}

}  // namespace distkv::distkv
