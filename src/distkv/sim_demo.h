// `distkv sim demo`: one run of gossip, told for people.
#pragma once

#include <cstdint>

#include "distkv/output.h"

namespace distkv::distkv {

struct SimDemo {
    std::uint64_t seed = 7;
};

Exit run_sim_demo(const SimDemo& options, const Output& output);

}  // namespace distkv::distkv
