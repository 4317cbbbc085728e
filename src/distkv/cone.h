// `distkv physics cone A B`: can one event have influenced the other?
#pragma once

#include <string>

#include "distkv/output.h"

namespace distkv::distkv {

struct PhysicsCone {
    std::string a;  // "us-east@2026-11-20T10:15:00Z±5ms"
    std::string b;
    bool json = false;
};

Exit run_cone(const PhysicsCone& options, const Output& output);

}  // namespace distkv::distkv
