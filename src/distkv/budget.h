// `distkv physics budget FILE`: can the timeouts of these services be kept?
#pragma once

#include <string>

#include "distkv/output.h"

namespace distkv::distkv {

struct PhysicsBudget {
    std::string file;
    bool json = false;
};

Exit run_budget(const PhysicsBudget& options, const Output& output);

}  // namespace distkv::distkv
